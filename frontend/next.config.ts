import type { NextConfig } from "next";

/** The frontend is a set of static files: any web server can serve it, and `tandem serve` does. */
const config: NextConfig = {
  output: "export",
  trailingSlash: false,
  reactStrictMode: true,
};

export default config;
