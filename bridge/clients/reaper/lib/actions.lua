-- What the actions do. One request runs at a time; REAPER goes on meanwhile (reaper.defer).
local settings = require("settings")
local music = require("music")
local M = {}

-- REAPER 6 runs Lua 5.3, which begins every script with the same random numbers.
math.randomseed(math.floor(reaper.time_precise() * 1000) % 0x7fffffff)

local function say(text)
    reaper.Help_Set(text, true)
end

local function complain(text)
    say("Antiphon: " .. text)
    reaper.ShowMessageBox(text, "Antiphon", 0)
end

-- Sockets, where the user has them (ReaPack: mavriq-lua-sockets).
local function sockets()
    local place = reaper.GetResourcePath() ..
        "/Scripts/Mavriq ReaScript Repository/Various/Mavriq-Lua-Sockets/"
    package.path = package.path .. ";" .. place .. "?.lua"
    package.cpath = package.cpath .. ";" .. place .. "?." .. (reaper.GetOS():match("^Win") and "dll" or "so")
    local ok, socket = pcall(require, "socket")
    return ok and type(socket) == "table" and socket or nil
end

-- Start a request by whatever way there is; nil where there is none.
local function start(verb, notes, options, listener)
    local now, port = reaper.time_precise, math.floor(tonumber(settings.get("port")) or 7374)
    local socket = sockets()
    if socket then
        return require("udp_bridge").ask(socket, now, port, verb, notes, options, listener)
    end
    local files = require("file_bridge")
    local program = files.program(settings.get("program"))
    if not program then
        complain("The program antiphon was not found. Install it (see its README), or write where it is " ..
            "into \"Antiphon: settings\".")
        return nil
    end
    return files.ask(now, program, reaper.GetResourcePath() .. "/Antiphon", port, verb, notes, options, listener)
end

local function seed_for(locked)
    -- Chosen here, so that a request that has to be sent twice means the same notes twice.
    return locked ~= "auto" and locked or math.random(0, 0xffffff)
end

-- Ask, and write the answer when it comes.
--   job: verb, notes, track, from, to (beats), options; before: the item that the answer replaces
local function run(job)
    if reaper.GetExtState("Antiphon", "busy") ~= "" and
        reaper.time_precise() - (tonumber(reaper.GetExtState("Antiphon", "busy")) or 0) < 2 then
        return complain("Antiphon is still working on the last request; \"Antiphon: cancel\" stops it.")
    end
    settings.put("cancel", "", true)
    local request
    local function over()
        settings.put("busy", "", true)
        reaper.DeleteExtState("Antiphon", "cancel", false)
    end
    request = start(job.verb, job.notes, job.options, {
        progress = function(fraction) say(("Antiphon: %.0f %%"):format(fraction * 100)) end,
        failed = function(code, sentence)
            over()
            if code == "cancelled" then say("Antiphon: cancelled") else complain(sentence) end
        end,
        done = function(takes)
            over()
            local item = music.write(job.track, job.from, job.to, takes, job.before and music.find(job.before))
            settings.put("answer", music.guid(item), true)
            settings.put("seed", takes[1].seed)
            say(("Antiphon: %d notes, seed %d"):format(#takes[1].notes, takes[1].seed))
        end,
    })
    if not request then return end
    say("Antiphon: asking ...")
    local function step()
        settings.put("busy", reaper.time_precise(), true)
        if not request.cancelled and reaper.GetExtState("Antiphon", "cancel") == "1" then
            request.cancelled = true
            request:cancel()
        end
        if request:poll() then reaper.defer(step) end
    end
    step()
end

local function with(options, more)
    for key, value in pairs(more) do options[#options + 1] = {key, value} end
    return options
end

-- Continue an item, or fill the time selection.
--   last: of "again", what the last request was about: answer and source (GUIDs), from and to (beats)
function M.ask(verb, last)
    -- Whatever else the bridge can do with notes is asked for by the name that the settings say.
    if verb == "continue" and not last then verb = settings.get("verb") end
    last = last or {}
    local before = last.answer
    local options, seed = settings.options(), seed_for(settings.seed())
    local source = verb ~= "generate" and (last.source and music.find(last.source) or music.source()) or nil
    if source then
        local notes = music.read(source)
        if #notes == 0 then return complain("This item has no notes to continue.") end
        local from, metre = music.barline(music.item_end(source))
        local upper, lower = metre:match("(%d+)/(%d+)")
        local to = from + (tonumber(settings.get("bars")) or 4) * upper * 4 / lower
        settings.put("source", music.guid(source), true)
        settings.put("asked", verb, true) -- not "verb": that one is the user's setting
        return run({verb = verb, notes = notes, track = reaper.GetMediaItemTrack(source), from = from, to = to,
            before = before, options = with(options, {start = from, metre = metre, tempo = music.tempo(from),
                seed = seed})})
    end
    local from, to = last.from, last.to
    if not (from and to) then from, to = music.selection() end
    local track = reaper.GetSelectedTrack(0, 0) or reaper.GetTrack(0, 0)
    if not from or not track then
        return complain(verb == "generate" and "Make a time selection, and select the track to write to." or
            "Select a MIDI item to continue, or point at one with the mouse.")
    end
    if verb ~= "generate" then
        return complain("Select a MIDI item to continue, or point at one with the mouse.")
    end
    settings.put("asked", verb, true)
    settings.put("from", from, true)
    settings.put("to", to, true)
    local kept = {}
    for _, pair in ipairs(options) do -- the selection says how long it is to be
        if pair[1] ~= "bars" then kept[#kept + 1] = pair end
    end
    run({verb = verb, track = track, from = from, to = to, before = before,
        options = with(kept, {start = from, beats = to - from, metre = music.metre(from),
            tempo = music.tempo(from), seed = seed})})
end

-- The last request once more; its answer takes the place of the last one.
function M.again()
    local function kept(key)
        local value = reaper.GetExtState("Antiphon", key)
        return value ~= "" and value or nil
    end
    local verb = kept("asked")
    if not verb then return complain("Nothing has been asked for yet.") end
    M.ask(verb, {answer = kept("answer"), source = kept("source"), from = tonumber(kept("from")),
        to = tonumber(kept("to"))})
end

-- Show the next take of the last answer.
function M.next_take()
    local item = music.find(reaper.GetExtState("Antiphon", "answer"))
    local count = item and reaper.CountTakes(item) or 0
    if count < 2 then return complain("The last answer has no other takes; set \"Takes\" in the settings.") end
    reaper.Undo_BeginBlock()
    local at = reaper.GetMediaItemTakeInfo_Value(reaper.GetActiveTake(item), "IP_TAKENUMBER")
    local nxt = math.floor(at + 1) % count
    reaper.SetActiveTake(reaper.GetMediaItemTake(item, nxt))
    reaper.UpdateItemInProject(item)
    reaper.Undo_EndBlock("Antiphon: next take", -1)
    say(("Antiphon: take %d of %d"):format(nxt + 1, count))
end

function M.cancel()
    settings.put("cancel", "1", true)
end

function M.settings()
    settings.edit()
end

return M
