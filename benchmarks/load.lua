-- Sends the requests of a file, each thread every so-many-th of them, and tells in one line of JSON how it went.
-- Arguments: the file, with method, path, If-None-Match and body in a line, separated by tabs; how many lines to leave out.

local threads = 0

function setup(thread)
   thread:set("first", threads)
   threads = threads + 1
   thread:set("step", tonumber(os.getenv("LOAD_THREADS")))
end

function init(args)
   prepared, place = {}, 0
   local number = -tonumber(args[2])
   for line in io.lines(args[1]) do
      if number >= 0 and number % step == first then
         local method, path, tag, body = line:match("^(%S+)\t(%S+)\t([^\t]*)\t(.*)$")
         local headers = {}
         for name, value in pairs(wrk.headers) do headers[name] = value end
         if tag ~= "" then headers["If-None-Match"] = tag end
         if body ~= "" then headers["Content-Type"] = "application/json" end
         prepared[#prepared + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
      end
      number = number + 1
   end
end

function request()
   place = place % #prepared + 1
   return prepared[place]
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "bytes": %d, "refused": %d, "unanswered": %d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.bytes,
      errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
