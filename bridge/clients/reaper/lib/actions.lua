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

-- What "again" repeats: the verb, the place (GUIDs and beats), and the answer that the next one replaces.
local PLACE = {"asked", "source", "track", "from", "to", "replaces"}

local function remember(place)
    for _, key in ipairs(PLACE) do settings.put(key, place[key] or "", true) end
end

local function is_busy()
    local since = tonumber(reaper.GetExtState("Antiphon", "busy"))
    return since ~= nil and reaper.time_precise() - since < 2
end

-- Ask, and write the answer when it comes.
--   job: verb, notes, track, from, to (beats), options; before: the item that the answer replaces
local function run(job)
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
            if not reaper.ValidatePtr2(0, job.track, "MediaTrack*") then
                return complain("The answer's track is gone, or another project is shown.")
            end
            local item = music.write(job.track, job.from, job.to, takes, job.before and music.find(job.before))
            settings.put("answer", music.guid(item), true)
            settings.put("replaces", music.guid(item), true)
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

local function continue(verb, item, last)
    local notes = music.read(item)
    if #notes == 0 then return complain("This item has no notes to continue.") end
    local from, metre = music.barline(music.item_end(item))
    local upper, lower = metre:match("(%d+)/(%d+)")
    local to = from + (tonumber(settings.get("bars")) or 4) * upper * 4 / lower
    remember({asked = verb, source = music.guid(item), replaces = last.replaces})
    run({verb = verb, notes = notes, track = reaper.GetMediaItemTrack(item), from = from, to = to,
        before = last.replaces, options = with(settings.options(), {start = from, metre = metre,
            tempo = music.tempo(from), seed = seed_for(settings.seed())})})
end

local function fill(track, from, to, last)
    remember({asked = "generate", track = reaper.GetTrackGUID(track), from = from, to = to,
        replaces = last.replaces})
    local options = {}
    for _, pair in ipairs(settings.options()) do -- the selection says how long it is to be
        if pair[1] ~= "bars" then options[#options + 1] = pair end
    end
    run({verb = "generate", track = track, from = from, to = to, before = last.replaces,
        options = with(options, {start = from, beats = to - from, metre = music.metre(from),
            tempo = music.tempo(from), seed = seed_for(settings.seed())})})
end

local BUSY = "Antiphon is still working on the last request; \"Antiphon: cancel\" stops it."

-- Continue the selected item, else the one under the mouse; without one, or to generate, fill the time selection.
function M.ask(verb)
    if is_busy() then return complain(BUSY) end
    -- Whatever else the bridge can do with notes is asked for by the name that the settings say.
    if verb == "continue" then verb = settings.get("verb") end
    local item = verb ~= "generate" and music.source() or nil
    if item then return continue(verb, item, {}) end
    local track, from, to = reaper.GetSelectedTrack(0, 0) or reaper.GetTrack(0, 0), music.selection()
    if from and track then return fill(track, from, to, {}) end
    complain(verb == "generate" and "Make a time selection, and select the track to write to." or
        "Select a MIDI item to continue, point at one with the mouse, or make a time selection.")
end

local function ask_again(last)
    if is_busy() then return complain(BUSY) end
    if last.asked == "generate" then
        local track = music.find_track(last.track)
        if not track then return complain("The answer's track is gone.") end
        return fill(track, tonumber(last.from), tonumber(last.to), last)
    end
    local item = music.find(last.source)
    if not item then return complain("The item that was continued is gone.") end
    continue(last.asked, item, last)
end

-- The last request once more; its answer takes the place of the last one.
function M.again()
    local last = {}
    for _, key in ipairs(PLACE) do last[key] = reaper.GetExtState("Antiphon", key) end
    if last.asked == "" then return complain("Nothing has been asked for yet.") end
    ask_again(last)
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
