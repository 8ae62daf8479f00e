using System.Text;

namespace Milvus.Text.Analyzers.Stemming;

/// <summary>
/// Steps 2 to 4 of Porter2: tables of suffixes, the longest that matches decides, and does nothing when its condition fails.
/// </summary>
internal static class EnglishSuffixes
{
    private enum Condition
    {
        None,
        AfterL,
        AfterValidLi,
        InR2,
        AfterSOrT,
    }

    private sealed record Rule(byte[] Suffix, byte[] Replacement, Condition Condition);

    private static readonly Rule[][] s_derivation = ByLastLetter(
        Of("ational", "ate"), Of("fulness", "ful"), Of("iveness", "ive"), Of("ization", "ize"), Of("ousness", "ous"),
        Of("biliti", "ble"), Of("lessli", "less"), Of("tional", "tion"),
        Of("alism", "al"), Of("aliti", "al"), Of("ation", "ate"), Of("entli", "ent"), Of("fulli", "ful"), Of("iviti", "ive"), Of("ousli", "ous"),
        Of("abli", "able"), Of("alli", "al"), Of("anci", "ance"), Of("ator", "ate"), Of("enci", "ence"), Of("izer", "ize"),
        Of("bli", "ble"), Of("ogi", "og", Condition.AfterL), Of("li", "", Condition.AfterValidLi));

    private static readonly Rule[][] s_adjectives = ByLastLetter(
        Of("ational", "ate"), Of("tional", "tion"), Of("alize", "al"), Of("ative", "", Condition.InR2), Of("icate", "ic"), Of("iciti", "ic"),
        Of("ical", "ic"), Of("ness", ""), Of("ful", ""));

    private static readonly Rule[][] s_residual = ByLastLetter(
        Of("ement", ""), Of("able", ""), Of("ance", ""), Of("ence", ""), Of("ible", ""), Of("ment", ""),
        Of("ant", ""), Of("ate", ""), Of("ent", ""), Of("ion", "", Condition.AfterSOrT), Of("ism", ""), Of("iti", ""), Of("ive", ""),
        Of("ize", ""), Of("ous", ""), Of("al", ""), Of("er", ""), Of("ic", ""));

    /// <summary>Step 2, in R1.</summary>
    public static void DerivationStep(ref EnglishWord word)
    {
        if (Find(s_derivation, word) is { } rule && word.InR1(rule.Suffix.Length))
            Apply(ref word, rule);
    }

    /// <summary>Step 3, in R1.</summary>
    public static void AdjectiveStep(ref EnglishWord word)
    {
        if (Find(s_adjectives, word) is { } rule && word.InR1(rule.Suffix.Length))
            Apply(ref word, rule);
    }

    /// <summary>Step 4, in R2.</summary>
    public static void ResidualStep(ref EnglishWord word)
    {
        if (Find(s_residual, word) is { } rule && word.InR2(rule.Suffix.Length))
            Apply(ref word, rule);
    }

    private static Rule? Find(Rule[][] rules, in EnglishWord word)
    {
        int last = word.Length == 0 ? 0 : word.Letters[^1] - 'a';
        foreach (Rule rule in (uint)last < (uint)rules.Length ? rules[last] : [])
        {
            if (word.EndsWith(rule.Suffix))
                return rule;
        }
        return null;
    }

    private static void Apply(ref EnglishWord word, Rule rule)
    {
        ReadOnlySpan<byte> stem = word.Letters[..^rule.Suffix.Length];
        byte before = stem.IsEmpty ? (byte)0 : stem[^1];
        bool holds = rule.Condition switch
        {
            Condition.AfterL => before == 'l',
            Condition.AfterValidLi => "cdeghkmnrt"u8.Contains(before),
            Condition.InR2 => word.InR2(rule.Suffix.Length),
            Condition.AfterSOrT => before is (byte)'s' or (byte)'t',
            _ => true,
        };
        if (holds)
            word.Replace(rule.Suffix.Length, rule.Replacement);
    }

    private static Rule Of(string suffix, string replacement, Condition condition = Condition.None) =>
        new(Encoding.ASCII.GetBytes(suffix), Encoding.ASCII.GetBytes(replacement), condition);

    // Under each letter the rules whose suffix ends with it, longest first.
    private static Rule[][] ByLastLetter(params Rule[] rules)
    {
        ILookup<int, Rule> byLetter = rules.OrderByDescending(rule => rule.Suffix.Length).ToLookup(rule => rule.Suffix[^1] - 'a');
        return [.. Enumerable.Range(0, 26).Select(letter => byLetter[letter].ToArray())];
    }
}
