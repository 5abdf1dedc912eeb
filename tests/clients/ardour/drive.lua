-- ardour7-lua or ardour8-lua drive.lua FOLDER CONFIG HERE STEPS: loads the session, runs the committed scripts, saves.
local folder, config, here, steps = table.unpack (arg)
W = dofile (here .. "/window.lua")
Session = load_session (folder, "test")
assert (Session, "the session cannot be loaded")
ARDOUR.user_config_directory = function () return config end
if not ARDOUR.LuaAPI.usleep then
	ARDOUR.LuaAPI.usleep = function (microseconds) os.execute (("sleep %f"):format (microseconds / 1e6)) end
end
local region
for route in Session:get_tracks ():iter () do
	for found in route:to_track ():playlist ():region_list ():iter () do region = found end
end
-- The editor's selection; its undo is tried in the window, there is none here.
Editor = { undo = function () end, redo = function () end, get_selection = function ()
	return { regions = { regionlist = function () return { iter = function ()
		local given = false
		return function ()
			if given or W.nothing then return nil end
			given = true
			return region
		end
	end } end } }
end }
-- What Ardour's window takes from the scripts of actions.
dofile, require, package, debug, rawget, rawset, coroutine, os.exit, os.setlocale = nil

function act (name)
	local made
	ardour = function (card) assert (card.type == "EditorAction" and card.name:match ("^Antiphon: ")) end
	assert (loadfile (config .. "/scripts/antiphon_" .. name .. ".lua")) ()
	factory () ()
end

assert (load (steps)) ()
for _, text in ipairs (W.messages) do io.stderr:write ("message ", text, "\n") end
io.stderr:write ("length ", tostring (region:length ():ticks ()), "\n")
Session:save_state ("", false, false, false, false, false)
close_session ()
io.stderr:write ("saved\n")
quit ()
