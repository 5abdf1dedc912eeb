// The options that a request is sent with.
+ Antiphon {
	// The settings and a request's own options; of two lengths its own, else beats.
	optionsWith { |own|
		var all = settings.copy.putAll(own);
		if(this.auto(own[\bars])) {
			if(this.auto(all[\beats]).not) { all.removeAt(\bars) };
		} {
			if(this.auto(own[\beats])) { all.removeAt(\beats) };
		};
		^all
	}

	// A number or text: the pitch classes of a scale, or parts, may be an Array.
	sendable { |value|
		if(value.isNumber) { ^value };
		^if(value.isArray and: { value.isString.not }) { value.join(",") } { value.asString }
	}

	auto { |value|
		^value.isNil or: { value.asSymbol == \auto }
	}
}
