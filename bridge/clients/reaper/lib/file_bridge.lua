-- A request to the bridge by files: `antiphon ask`, started in the background, writes what comes line by line.
-- For stock REAPER, whose scripts have no sockets. Nothing here waits: poll() is called by reaper.defer.
local M = {}
M.__index = M

local SILENCE = 12.0 -- seconds: starting Python takes some of them on a busy computer, the program gives up after five

local function exists(path)
    local file = io.open(path, "rb")
    if file then file:close() end
    return file ~= nil
end

-- Where the program antiphon is, or nil.
function M.program(told)
    if told ~= "auto" and told ~= "" then return exists(told) and told or nil end
    local windows = reaper.GetOS():match("^Win") ~= nil
    local name, places = windows and "antiphon.exe" or "antiphon", {}
    for place in (os.getenv("PATH") or ""):gmatch(windows and "[^;]+" or "[^:]+") do
        places[#places + 1] = place
    end
    local home = os.getenv(windows and "USERPROFILE" or "HOME") or ""
    local folder = windows and "Scripts" or "bin"
    for _, place in ipairs({"/.local/bin", "/antiphon/venv/" .. folder, "/venv/" .. folder}) do
        places[#places + 1] = home .. place
    end
    for _, place in ipairs(windows and {} or {"/usr/local/bin", "/opt/homebrew/bin"}) do
        places[#places + 1] = place
    end
    for _, place in ipairs(places) do
        if exists(place .. "/" .. name) then return place .. "/" .. name end
    end
end

-- A word of a command line. Quotes stand around all of it: not every host understands them within a word.
local function quoted(text)
    return '"' .. tostring(text):gsub('[\\"$`]', "") .. '"'
end

-- listener: progress(fraction), done(takes), failed(code, sentence)
function M.ask(now, program, folder, port, verb, notes, options, listener)
    reaper.RecursiveCreateDirectory(folder, 0)
    local stem = ("%s/%x-%x"):format(folder, math.random(0, 0xffffff), math.floor(now() * 1000) % 0x1000000)
    local self = setmetatable({now = now, listener = listener, answer = stem .. ".answer.notes",
        context = stem .. ".context.notes", wanted = stem .. ".wanted", at = 0, rest = "", takes = {},
        heard = now(), over = false}, M)
    io.open(self.wanted, "w"):close()
    local words = {'"' .. program .. '"', "ask", verb, "--port", tostring(port), "--out", '"' .. self.answer .. '"',
        "--while", '"' .. self.wanted .. '"'}
    if notes then
        local file = io.open(self.context, "w")
        for _, n in ipairs(notes) do
            file:write(("%d %.9g %.9g %d %d\n"):format(n.pitch, n.start, n.duration, n.velocity, n.part))
        end
        file:close()
        words[#words + 1] = "--in"
        words[#words + 1] = '"' .. self.context .. '"'
    end
    for _, pair in ipairs(options) do
        -- With = a value that begins with a minus is no option.
        words[#words + 1] = quoted("--" .. pair[1]:gsub("_", "-") .. "=" .. tostring(pair[2]))
    end
    reaper.ExecProcess(table.concat(words, " "), -2) -- no waiting, and on Windows no window in front of REAPER's
    return self
end

-- Read what has been written since; returns false once the request is over.
function M:poll()
    local file = io.open(self.answer, "rb")
    if file then
        file:seek("set", self.at)
        local more = file:read("a") or ""
        file:close()
        self.at = self.at + #more
        if more ~= "" then self.heard = self.now() end
        self.rest = (self.rest .. more):gsub("([^\n]*)\n", function(line)
            self:line(line:gsub("\r$", ""))
            return ""
        end)
    end
    if not self.over and self.now() - self.heard > SILENCE then
        self:finish("failed", "timeout", "the program antiphon does not answer; try `antiphon doctor` in a terminal")
    end
    return not self.over
end

function M:line(line)
    local word, rest = line:match("^(%S+) ?(.*)$")
    if self.over then
        return
    elseif word == "progress" then
        self.listener.progress(tonumber(rest))
    elseif word == "take" then
        local _, _, end_beats, seed = rest:match("(%S+) (%S+) (%S+) (%S+)")
        self.takes[#self.takes + 1] = {notes = {}, end_beats = tonumber(end_beats), seed = tonumber(seed)}
    elseif word == "note" then
        local pitch, start, duration, velocity, part = rest:match("(%S+) (%S+) (%S+) (%S+) (%S+)")
        local notes = self.takes[#self.takes].notes
        notes[#notes + 1] = {pitch = tonumber(pitch), start = tonumber(start), duration = tonumber(duration),
            velocity = tonumber(velocity), part = tonumber(part)}
    elseif word == "fail" then
        self:finish("failed", rest:match("^(%S+) ?(.*)$"))
    elseif word == "end" and self.cancelled then -- too late for the program, but not for the user
        self:finish("failed", "cancelled", "cancelled as asked")
    elseif word == "end" then
        self:finish("done", self.takes)
    end
end

function M:cancel()
    self.cancelled = true
    os.remove(self.wanted)
end

function M:finish(what, ...)
    self.over = true
    for _, path in ipairs({self.answer, self.context, self.wanted}) do os.remove(path) end
    self.listener[what](...)
end

return M
