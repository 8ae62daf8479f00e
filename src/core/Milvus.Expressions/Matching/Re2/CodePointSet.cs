using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Milvus.Expressions.Matching.Re2;

/// <summary>Ranges of Unicode code points, for character classes.</summary>
internal sealed class CodePointSet
{
    public const int Max = 0x10FFFF;

    private const int FirstAstral = 0x10000;

    private static readonly ConcurrentDictionary<string, CodePointSet> Categories = new();

    private readonly List<(int Low, int High)> _ranges = [];

    /// <summary>General categories, as .NET writes them, that stand for their part of the basic plane.</summary>
    private readonly List<string> _basicCategories = [];

    public void Add(int low, int high) => _ranges.Add((low, high));

    public void Add(CodePointSet other)
    {
        _ranges.AddRange(other._ranges);
        _basicCategories.AddRange(other._basicCategories);
    }

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

    /// <summary>Every other code point; of categories only the part above the basic plane is complemented.</summary>
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

    /// <summary>A general category by its one- or two-letter name, a script by its name, or Any; null when there is none.</summary>
    public static CodePointSet? OfProperty(string name, bool negated)
    {
        if (name == "Any") return negated ? new CodePointSet() : Of((0, Max));
        if (!IsCategory(name)) return negated ? UnicodeScripts.Find(name)?.Complement() : UnicodeScripts.Find(name);
        var astral = Categories.GetOrAdd(name, AstralPart);
        var set = new CodePointSet();
        foreach (var (low, high) in (negated ? astral.Complement() : astral).Ranges())
            if (high >= FirstAstral) set.Add(Math.Max(low, FirstAstral), high);
        set._basicCategories.Add((negated ? "\\P{" : "\\p{") + name + "}");
        return set;
    }

    private static bool IsCategory(string name)
    {
        if (name.Length is 0 or > 2) return false;
        foreach (var category in Enum.GetValues<UnicodeCategory>())
            if (Abbreviation(category).StartsWith(name, StringComparison.Ordinal)) return true;
        return false;
    }

    private static CodePointSet AstralPart(string name)
    {
        var set = new CodePointSet();
        var start = -1;
        for (var c = FirstAstral; c <= Max + 1; c++)
        {
            var inside = c <= Max && Abbreviation(CharUnicodeInfo.GetUnicodeCategory(c)).StartsWith(name, StringComparison.Ordinal);
            if (inside && start < 0) start = c;
            if (inside || start < 0) continue;
            set.Add(start, c - 1);
            start = -1;
        }
        return set;
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
            if (low >= FirstAstral) break;
            AppendRange(bmp, low, Math.Min(high, 0xD7FF));
            AppendRange(bmp, Math.Max(low, 0xE000), Math.Min(high, 0xFFFF));
        }
        foreach (var category in _basicCategories) bmp.Append(category);
        var alternatives = AstralPairs((negated ? Complement() : this).Ranges());
        // Halves of surrogate pairs belong to categories too, but are no characters.
        var single = negated ? $"[^{bmp}\\uD800-\\uDFFF]" : bmp.Length == 0 ? null : _basicCategories.Count > 0 ? $"[{bmp}-[\\uD800-\\uDFFF]]" : $"[{bmp}]";
        if (alternatives.Count == 0) return single ?? "[^\\s\\S]";
        if (single is not null) alternatives.Insert(0, single);
        return "(?:" + string.Join('|', alternatives) + ")";
    }

    private static void AppendRange(StringBuilder text, int low, int high)
    {
        if (low > high) return;
        text.Append($"\\u{low:X4}");
        if (high > low) text.Append($"-\\u{high:X4}");
    }

    /// <summary>Surrogate pairs for the ranges above the basic plane: one alternative per set of second halves.</summary>
    private static List<string> AstralPairs(List<(int Low, int High)> ranges)
    {
        var trailsOfLead = new SortedDictionary<int, StringBuilder>();
        foreach (var (low, high) in ranges)
        {
            for (var at = Math.Max(low, FirstAstral); at <= high;)
            {
                var (lead, trail) = Pair(at);
                var last = Math.Min(high, at | 0x3FF);
                if (!trailsOfLead.TryGetValue(lead, out var trails)) trailsOfLead.Add(lead, trails = new StringBuilder());
                AppendRange(trails, trail, Pair(last).Trail);
                at = last + 1;
            }
        }
        var alternatives = new List<string>();
        foreach (var group in trailsOfLead.GroupBy(p => p.Value.ToString(), p => p.Key))
        {
            var leads = new CodePointSet();
            foreach (var lead in group) leads.Add(lead, lead);
            var text = new StringBuilder();
            foreach (var (low, high) in leads.Ranges()) AppendRange(text, low, high);
            alternatives.Add($"[{text}][{group.Key}]");
        }
        return alternatives;
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
