namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Norwegian, Bokmål (snowballstem.org/algorithms/norwegian/stemmer.html).</summary>
internal sealed class NorwegianStemmer : Stemmer
{
    private const string Vowels = "aeiouyæåø";

    private static readonly SuffixTable s_main = new(
        "a e ede ande ende ane ene hetene en heten ar er heter as es edes endes enes hetenes ens hetens ers ets et het ast", "s", "erte ert");

    private static readonly SuffixTable s_pairs = new("dt vt");
    private static readonly SuffixTable s_others = new("leg eleg ig eig lig elig els lov elov slov hetslov");

    public override void Stem(ref StemWord word)
    {
        word.MarkR1R2(Vowels, 3);
        switch (s_main.Find(in word, word.R1, out int length))
        {
            case 0:
            case 1 when "bcdfghjlmnoprtvyz".Contains(word.Last(2)) || word.Last(2) == 'k' && word.Length > 2 && !Vowels.Contains(word.Last(3)):
                word.Cut(length);
                break;
            case 2:
                word.Replace(length, "er");
                break;
        }
        if (s_pairs.Find(in word, word.R1, out _) >= 0)
            word.Cut(1);
        if (s_others.Find(in word, word.R1, out length) >= 0)
            word.Cut(length);
    }
}
