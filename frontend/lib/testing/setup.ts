import fc from "fast-check";

// A test that gives a greatest length means it: by default no generated list would have more than ten items.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
