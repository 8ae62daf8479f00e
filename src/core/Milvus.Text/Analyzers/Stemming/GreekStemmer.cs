namespace Milvus.Text.Analyzers.Stemming;

/// <summary>
/// Greek, by Georgios Ntais with the additions of Spyridon Saroukos (snowballstem.org/algorithms/greek/stemmer.html). Takes upper case,
/// accents and the final sigma away by itself.
/// </summary>
internal sealed class GreekStemmer : Stemmer
{
    private const int ShortestWord = 3;

    // That ΐ and ϊ become an eta is as published.
    private const string Written = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏΪΫάέήίόύώΐΰϊϋς";
    private const string Plain = "αβγδεζηθικλμνξοπρστυφχψωαεηιουωιυαεηιουωηυηυσ";

    public override void Stem(ref StemWord word)
    {
        word.Exchange(Written, Plain);
        if (word.Length < ShortestWord)
            return;
        bool cut = Irregular(ref word) | Apply(ref word, GreekRules.Derivations);
        Apply(ref word, GreekRules.Plurals);
        cut |= Apply(ref word, GreekRules.Inflections);
        if (GreekRules.Neuters.Find(in word, out int neuter) >= 0)
            word.Replace(neuter, "μα");
        if (!cut)
            CutOne(ref word, GreekRules.Endings);
        CutOne(ref word, GreekRules.Comparisons);
    }

    private static bool Irregular(ref StemWord word)
    {
        int group = GreekRules.Irregulars.Find(in word, out int length);
        if (group < 0)
            return false;
        word.Replace(length, GreekRules.IrregularStems[group]);
        return true;
    }

    /// <returns>True when one of the rules cut something.</returns>
    private static bool Apply(ref StemWord word, GreekRule[] rules)
    {
        bool cut = false;
        foreach (GreekRule rule in rules)
            cut |= rule.Apply(ref word);
        return cut;
    }

    private static void CutOne(ref StemWord word, SuffixTable suffixes)
    {
        if (suffixes.Find(in word, out int length) >= 0)
            word.Cut(length);
    }
}
