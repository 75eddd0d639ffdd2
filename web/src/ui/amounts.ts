// Numbers for people, as `carbonsched.output.words.amount` has them.

/** A number of at least four digits or so many decimals, never a negative zero. */
export function amount(value: number, decimals = 2): string {
  if (value === Infinity) return "no limit";
  if (!value || !Number.isFinite(value)) return fixed(value || 0, 0);
  const places = Math.min(decimals, Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value)))));
  return fixed(value, places);
}

/** A number with so many decimals and thousands apart. */
export function fixed(value: number, decimals: number): string {
  const said = value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return /[1-9]/.test(said) ? said.replace("-", "−") : said.replace("-", "");
}

/** A change with its sign. */
export function signed(value: number): string {
  const said = amount(value);
  return value > 0 && /[1-9]/.test(said) ? `+${said}` : said;
}
