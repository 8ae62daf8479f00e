using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Milvus.Expressions.Matching.Re2;

/// <summary>Ranges of Unicode code points, for character classes.</summary>
internal sealed class CodePointSet
{
    public const int Max = 0x10FFFF;

    private static readonly ConcurrentDictionary<string, CodePointSet> Categories = new();

    private readonly List<(int Low, int High)> _ranges = [];

    public void Add(int low, int high) => _ranges.Add((low, high));

    public void Add(CodePointSet other) => _ranges.AddRange(other._ranges);

    /// <summary>Sorted and merged.</summary>
    public List<(int Low, int High)> Ranges()
    {
        var merged = new List<(int Low, int High)>();
        foreach (var (low, high) in _ranges.Order())
        {
            if (merged.Count > 0 && low <= merged[^1].High + 1) merged[^1] = (merged[^1].Low, Math.Max(merged[^1].High, high));
            else merged.Add((low, high));
        }
        return merged;
    }

    public CodePointSet Complement()
    {
        var result = new CodePointSet();
        var next = 0;
        foreach (var (low, high) in Ranges())
        {
            if (low > next) result.Add(next, low - 1);
            next = high + 1;
        }
        if (next <= Max) result.Add(next, Max);
        return result;
    }

    /// <summary>A general category by its one- or two-letter name, or Any; null when there is none.</summary>
    public static CodePointSet? OfCategory(string name)
    {
        if (name == "Any") return Of((0, Max));
        if (name.Length is 0 or > 2) return null;
        if (Categories.TryGetValue(name, out var known)) return known;
        var set = new CodePointSet();
        var start = -1;
        for (var c = 0; c <= Max + 1; c++)
        {
            var inside = c <= Max && Abbreviation(CharUnicodeInfo.GetUnicodeCategory(c)).StartsWith(name, StringComparison.Ordinal);
            if (inside && start < 0) start = c;
            if (inside || start < 0) continue;
            set.Add(start, c - 1);
            start = -1;
        }
        return set._ranges.Count == 0 ? null : Categories.GetOrAdd(name, set);
    }

    public static CodePointSet Of(params ReadOnlySpan<(int Low, int High)> ranges)
    {
        var set = new CodePointSet();
        foreach (var (low, high) in ranges) set.Add(low, high);
        return set;
    }

    /// <summary>
    /// A .NET pattern for one code point of the set. Negation is left to the class syntax where letter case may be ignored, because
    /// folding comes before complementing.
    /// </summary>
    public string ToPattern(bool negated)
    {
        var bmp = new StringBuilder();
        foreach (var (low, high) in Ranges())
        {
            if (low > 0xFFFF) break;
            AppendRange(bmp, low, Math.Min(high, 0xD7FF));
            AppendRange(bmp, Math.Max(low, 0xE000), Math.Min(high, 0xFFFF));
        }
        var astral = new List<string>();
        foreach (var (low, high) in (negated ? Complement() : this).Ranges())
            if (high > 0xFFFF) AppendPairs(astral, Math.Max(low, 0x10000), high);
        var single = negated ? $"[^{bmp}\\uD800-\\uDFFF]" : bmp.Length == 0 ? null : $"[{bmp}]";
        if (astral.Count == 0) return single ?? "[^\\s\\S]";
        if (single is not null) astral.Insert(0, single);
        return "(?:" + string.Join('|', astral) + ")";
    }

    private static void AppendRange(StringBuilder text, int low, int high)
    {
        if (low > high) return;
        text.Append($"\\u{low:X4}");
        if (high > low) text.Append($"-\\u{high:X4}");
    }

    /// <summary>Surrogate pairs for a range above the basic plane.</summary>
    private static void AppendPairs(List<string> alternatives, int low, int high)
    {
        while (low <= high)
        {
            var (lead, trail) = Pair(low);
            var (lastLead, lastTrail) = Pair(high);
            if (lead == lastLead)
            {
                alternatives.Add($"\\u{lead:X4}[\\u{trail:X4}-\\u{lastTrail:X4}]");
                return;
            }
            if (trail != 0xDC00)
            {
                alternatives.Add($"\\u{lead:X4}[\\u{trail:X4}-\\uDFFF]");
                low += 0xE000 - trail;
                continue;
            }
            var fullTo = lastTrail == 0xDFFF ? lastLead : lastLead - 1;
            alternatives.Add($"[\\u{lead:X4}-\\u{fullTo:X4}][\\uDC00-\\uDFFF]");
            low += (fullTo - lead + 1) << 10;
        }
    }

    private static (int Lead, int Trail) Pair(int codePoint) => (0xD800 + ((codePoint - 0x10000) >> 10), 0xDC00 + (codePoint & 0x3FF));

    private static string Abbreviation(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => "Lu",
        UnicodeCategory.LowercaseLetter => "Ll",
        UnicodeCategory.TitlecaseLetter => "Lt",
        UnicodeCategory.ModifierLetter => "Lm",
        UnicodeCategory.OtherLetter => "Lo",
        UnicodeCategory.NonSpacingMark => "Mn",
        UnicodeCategory.SpacingCombiningMark => "Mc",
        UnicodeCategory.EnclosingMark => "Me",
        UnicodeCategory.DecimalDigitNumber => "Nd",
        UnicodeCategory.LetterNumber => "Nl",
        UnicodeCategory.OtherNumber => "No",
        UnicodeCategory.SpaceSeparator => "Zs",
        UnicodeCategory.LineSeparator => "Zl",
        UnicodeCategory.ParagraphSeparator => "Zp",
        UnicodeCategory.Control => "Cc",
        UnicodeCategory.Format => "Cf",
        UnicodeCategory.Surrogate => "Cs",
        UnicodeCategory.PrivateUse => "Co",
        UnicodeCategory.ConnectorPunctuation => "Pc",
        UnicodeCategory.DashPunctuation => "Pd",
        UnicodeCategory.OpenPunctuation => "Ps",
        UnicodeCategory.ClosePunctuation => "Pe",
        UnicodeCategory.InitialQuotePunctuation => "Pi",
        UnicodeCategory.FinalQuotePunctuation => "Pf",
        UnicodeCategory.OtherPunctuation => "Po",
        UnicodeCategory.MathSymbol => "Sm",
        UnicodeCategory.CurrencySymbol => "Sc",
        UnicodeCategory.ModifierSymbol => "Sk",
        UnicodeCategory.OtherSymbol => "So",
        _ => "Cn",
    };
}
