using Milvus.Text.Analyzers;

namespace Milvus.Text.Tests.Analyzers;

/// <summary>Own words and their stems; the stemmer was checked against the whole published vocabulary (release 2.0, 90 729 words).</summary>
public sealed class GreekStemmerTests
{
    private static readonly Analyzer s_analyzer = Of("""{"type": "stemmer", "language": "greek"}""");

    [Theory]
    [InlineData("φαγιού>φα σόγια>σο κρέατος>κρε φώτα>φω γεγονότα>γεγον καθεστώτων>καθεστ")] // irregular
    [InlineData("παίζουμε>παι μαρκίζα>μαρκιζ αθροίζω>αθροι γνωρίζω>γνωρ ζωώθηκε>ζωων μειώθηκαν>μει δανείσει>δανει πάισα>πα")] // verbs out of words
    [InlineData("πιανίστας>πιανιστ φίλιστοι>φιλιστ δανεισμός>δανει αποκλεισμού>αποκλεισμ εθνικισμού>εθν βυζαντινισμός>βυζαντ")]
    [InlineData("παιδάκια>παιδ βαλίτσα>βαλιτσ κορίτσα>κορακ παιχνίδια>παιχνιδ αιφνίδιο>αιφνιδ οβελίσκος>οβελισκ")] // diminutives
    [InlineData("φυγάδες>φυγαδ γιαγιάδες>γιαγ υπέδες>υπεδ αλεπούδες>αλεπ πόλεων>πολ θεών>θε")] // plurals
    [InlineData("οικονομία>οικονομ παιδιών>πα ελληνικά>ελλην φυσικό>φυσικ")]
    [InlineData("αγαπάμε>αγαπ πεθάμε>πεθαμ αγάμε>αγαμ τραγουδούσανε>τραγουδ γεράνε>γεραν χωρέτε>χωρετ άρχοντας>αρχοντ τρέχοντας>τρεχ")]
    [InlineData("ερχόμαστε>ερχ βρήκαν>βρ σκουλήκα>σκουληκ πρωτούσα>πρωτουσ κολλάγα>κολλαγ αγάπησα>αγαπ χρήστε>χρηστ ξέρουνε>ξερ φούμε>φουμ")]
    [InlineData("αναιρέτε>ανετετ γεάνε>γαναν")] // an addition twice, as published
    [InlineData("μαθημάτων>μαθημ γράφονται>γραφ μεγαλύτερος>μεγαλ ωραιότατος>ωραι και>κα τα>τα")]
    public void WordsBecomeStems(string pairs)
    {
        foreach (string pair in pairs.Split(' '))
        {
            string[] parts = pair.Split('>');
            Assert.Equal(parts[1], Stem(parts[0]));
        }
    }

    [Theory]
    [InlineData("δρόμους", "δρομ")]
    [InlineData("ΔΡΌΜΟΣ", "δρομ")]
    [InlineData("Δρομοσ", "δρομ")]
    [InlineData("ΟΔΥΣΣΕΎΣ", "οδυσσε")]
    [InlineData("ώς", "ωσ")]
    [InlineData("Ά", "α")]
    [InlineData("προϊόντα", "προηοντ")]
    [InlineData("Ϊ", "ι")]
    public void CaseAccentsAndFinalSigmaDoNotMatter(string word, string stem) => Assert.Equal(stem, Stem(word));

    [Fact]
    public void LowercasingFirstChangesNothing()
    {
        Analyzer analyzer = Of(""" "lowercase", {"type": "stemmer", "language": "Greek"} """);
        Assert.Equal(["δρομ", "οδυσσε"], analyzer.GetTokens("ΔΡΌΜΟΣ Οδυσσεύς").Select(token => token.Text));
    }

    [Fact]
    public void AWordThatIsAllEndingIsDropped() => Assert.Empty(s_analyzer.GetTokens("ίσα"));

    [Fact]
    public void NoWordBreaksTheStemmer()
    {
        var random = new Random(4);
        string[] parts = "αγ ακι αμε ανε αδεσ εστε ετε ηκα θ ιζ ικα ισα ιστοσ ιτσα κορ ματα ουδεσ ουμε π σ αγαμε ΐ x".Split(' ');
        for (int i = 0; i < 5000; i++)
        {
            string word = string.Concat(random.GetItems(parts, random.Next(1, 6)));
            Assert.All(s_analyzer.GetTokens(word), token => Assert.True(token.Text.Length <= word.Length));
        }
    }

    [Fact]
    public void StemmingAllocatesNothing()
    {
        var sink = new NullSink();
        byte[] text = "Παίζουμε στους ΔΡΌΜΟΥΣ οικονομικών αναιρέτε"u8.ToArray();
        s_analyzer.Analyze(text, sink);
        long before = GC.GetAllocatedBytesForCurrentThread();
        s_analyzer.Analyze(text, sink);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Stem(string word) => Assert.Single(s_analyzer.GetTokens(word)).Text;

    private static Analyzer Of(string filters) => Analyzer.Parse($$"""{"tokenizer": "whitespace", "filter": [{{filters}}]}""");

    private sealed class NullSink : TokenSink
    {
        public override bool Accept(scoped in AnalyzedToken token) => true;
    }
}
