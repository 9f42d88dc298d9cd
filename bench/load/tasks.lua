-- wrk: creates tasks, each request with a body and an Idempotency-Key of its own. Arguments: the Authorization
-- header, the body in which %d is the request's number, and a name for this round's keys.
local number, headers, body, round = 0, { ["Content-Type"] = "application/json" }, nil, nil

function init(arguments)
  headers["Authorization"], body, round = arguments[1], arguments[2], arguments[3]
end

function request()
  number = number + 1
  headers["Idempotency-Key"] = round .. number
  return wrk.format("POST", nil, headers, body:format(number))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50_us":%.0f,"p99_us":%.0f}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
