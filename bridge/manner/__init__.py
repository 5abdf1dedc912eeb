"""How music is played, as far as no score tells: context and answer have it alike."""
