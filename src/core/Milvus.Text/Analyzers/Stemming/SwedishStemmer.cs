namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Swedish (snowballstem.org/algorithms/swedish/stemmer.html).</summary>
internal sealed class SwedishStemmer : Stemmer
{
    private static readonly SuffixTable s_main = new(
        "a arna erna heterna orna ad e ade ande arne are aste en anden aren heten ern ar er heter or as arnas ernas ornas es ades andes ens "
        + "arens hetens erns at andet het ast",
        "s");

    private static readonly SuffixTable s_pairs = new("dd gd nn dt gt kt tt");
    private static readonly SuffixTable s_others = new("lig ig els", "löst fullt");

    public override void Stem(ref StemWord word)
    {
        word.MarkR1R2("aeiouyäåö", 3);
        int group = s_main.Find(in word, word.R1, out int length);
        if (group == 0 || group == 1 && "bcdfghjklmnoprtvy".Contains(word.Last(2)))
            word.Cut(length);
        if (s_pairs.Find(in word, word.R1, out _) >= 0)
            word.Cut(1);
        group = s_others.Find(in word, word.R1, out length);
        if (group >= 0)
            word.Cut(group == 0 ? length : 1);
    }
}
