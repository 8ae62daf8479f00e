namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Romanian (snowballstem.org/algorithms/romanian/stemmer.html). Letters with a comma below are read as those with a cedilla.</summary>
internal sealed class RomanianStemmer : Stemmer
{
    private const string Vowels = "aeiouâîă";

    private static readonly SuffixTable s_articles = new(
        "ul ului", "aua", "ea ele elor", "ii iua iei iile iilor ilor", "ile", "atei", "aţie aţia");

    private static readonly string[] s_articleStems = ["", "a", "e", "i", "i", "at", "aţi"];

    private static readonly SuffixTable s_combinations = new(
        "abilitate abilitati abilităi abilităţi",
        "ibilitate",
        "ivitate ivitati ivităi ivităţi",
        "icitate icitati icităi icităţi icator icatori iciv iciva icive icivi icivă ical icala icale icali icală",
        "ativ ativa ative ativi ativă aţiune atoare ator atori ătoare ător ători",
        "itiv itiva itive itivi itivă iţiune itoare itor itori");

    private static readonly string[] s_combinationStems = ["abil", "ibil", "iv", "ic", "at", "it"];

    private static readonly SuffixTable s_standard = new(
        "at ata ată ati ate ut uta ută uti ute it ita ită iti ite ic ica ice ici ică abil abila abile abili abilă ibil ibila ibile ibili ibilă "
        + "oasa oasă oase os osi oşi ant anta ante anti antă ator atori itate itati ităi ităţi iv iva ive ivi ivă",
        "iune iuni",
        "ism isme ist ista iste isti istă işti");

    private static readonly SuffixTable s_verbs = new(
        "are ere ire âre ind ând indu ându eze ească ez ezi ează esc eşti eşte ăsc ăşti ăşte am ai au eam eai ea eaţi eau iam iai ia iaţi iau ui "
        + "aşi arăm arăţi ară uşi urăm urăţi ură işi irăm irăţi iră âi âşi ârăm ârăţi âră asem aseşi ase aserăm aserăţi aseră isem iseşi ise "
        + "iserăm iserăţi iseră âsem âseşi âse âserăm âserăţi âseră usem useşi use userăm userăţi useră",
        "ăm aţi em eţi im iţi âm âţi seşi serăm serăţi seră sei se sesem seseşi sese seserăm seserăţi seseră");

    private static readonly SuffixTable s_vowels = new("a e i ie ă");

    public override void Stem(ref StemWord word)
    {
        word.Exchange("șț", "şţ");
        for (int i = 1; i + 1 < word.Length; i++)
        {
            if (word[i] is 'u' or 'i' && Vowels.Contains(word[i - 1]) && Vowels.Contains(word[i + 1]))
                word[i] = char.ToUpperInvariant(word[i]);
        }
        word.MarkRv(Vowels);
        word.MarkR1R2(Vowels);
        Article(ref word);
        if (!Standard(ref word))
            Verb(ref word);
        if (s_vowels.Find(in word, out int length) >= 0 && word.InRv(length))
            word.Cut(length);
        word.Exchange("IU", "iu");
    }

    private static void Article(ref StemWord word)
    {
        int group = s_articles.Find(in word, out int length);
        if (group >= 0 && word.InR1(length) && !(group == 4 && word.EndsWith("ab", length)))
            word.Replace(length, s_articleStems[group]);
    }

    private static bool Standard(ref StemWord word)
    {
        bool removed = false;
        int group;
        while ((group = s_combinations.Find(in word, out int combined)) >= 0 && word.InR1(combined))
        {
            word.Replace(combined, s_combinationStems[group]);
            removed = true;
        }
        group = s_standard.Find(in word, out int length);
        if (group < 0 || !word.InR2(length) || group == 1 && word.Last(length + 1) != 'ţ')
            return removed;
        if (group == 1)
            word.Replace(length + 1, "t");
        else
            word.Replace(length, group == 2 ? "ist" : "");
        return true;
    }

    private static void Verb(ref StemWord word)
    {
        int group = s_verbs.Find(in word, word.Rv, out int length);
        if (group < 0)
            return;
        char before = word.Last(length + 1);
        if (group == 1 || word.InRv(length + 1) && (before == 'u' || !Vowels.Contains(before)))
            word.Cut(length);
    }
}
