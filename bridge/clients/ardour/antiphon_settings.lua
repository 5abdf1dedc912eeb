ardour {
	["type"]    = "EditorAction",
	name        = "Antiphon: settings",
	license     = "Apache-2.0",
	author      = "Antiphon",
	description = [[Model, bars, temperature, seed, takes, scale, range and ending of the answers to come.]]
}

function factory () return function ()
	assert (loadfile (ARDOUR.user_config_directory (-1) .. "/scripts/antiphon.inc")) ().settings ()
end end
