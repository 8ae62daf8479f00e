namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Danish (snowballstem.org/algorithms/danish/stemmer.html).</summary>
internal sealed class DanishStemmer : Stemmer
{
    private static readonly SuffixTable s_main = new(
        "hed ethed ered e erede ende erende ene erne ere en heden eren er heder erer heds es endes erendes enes ernes eres ens hedens erens ers "
        + "ets erets et eret",
        "s");

    private static readonly SuffixTable s_pairs = new("gd dt gt kt");
    private static readonly SuffixTable s_others = new("ig lig elig els", "løst");

    public override void Stem(ref StemWord word)
    {
        word.MarkR1R2("aeiouyæåø", 3);
        int group = s_main.Find(in word, word.R1, out int length);
        if (group == 0 || group == 1 && "abcdfghjklmnoprtvyzå".Contains(word.Last(2)))
            word.Cut(length);
        ShortenPair(ref word);
        if (word.EndsWith("igst"))
            word.Cut(2);
        group = s_others.Find(in word, word.R1, out length);
        if (group == 0)
        {
            word.Cut(length);
            ShortenPair(ref word);
        }
        else if (group == 1)
        {
            word.Cut(1);
        }
        if (word.InR1(1) && "bcdfghjklmnpqrstvwxz".Contains(word.Last(1)) && word.Last(2) == word.Last(1))
            word.Cut(1);
    }

    private static void ShortenPair(ref StemWord word)
    {
        if (s_pairs.Find(in word, word.R1, out _) >= 0)
            word.Cut(1);
    }
}
