using System.Text;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Text.Tests.Analyzers;

public sealed class AnalyzerTests
{
    private static string[] Terms(string? analyzerParams, string text) =>
        Analyzer.Parse(analyzerParams).GetTokens(text).Select(token => token.Text).ToArray();

    private static string[] Filtered(string filter, string text, string tokenizer = "whitespace") =>
        Terms($$"""{"tokenizer": "{{tokenizer}}", "filter": [{{filter}}]}""", text);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"type": "standard"}""")]
    [InlineData("""{"tokenizer": "standard", "filter": ["lowercase"]}""")]
    [InlineData("""{"tokenizer": {"type": "standard"}, "filter": [{"type": "lowercase"}]}""")]
    public void StandardSplitsAtEverythingNotAlphanumericAndLowers(string? analyzerParams) =>
        Assert.Equal(["the", "quick", "fox", "s", "3rd", "naïve", "ünder", "score"], Terms(analyzerParams, "The Quick-fox's 3rd NAÏVE Ünder_score!"));

    [Theory]
    [InlineData("向量数据库 test", new[] { "向量数据库", "test" })]
    [InlineData("日本語。テスト", new[] { "日本語", "テスト" })]
    [InlineData("x²½Ⅷ٣", new[] { "x²½ⅷ٣" })]
    [InlineData("हिन्दी", new[] { "हिन", "दी" })] // vowel signs are alphabetic, the virama is not
    [InlineData("a😀b", new[] { "a", "b" })]
    [InlineData("𝒜𐐀", new[] { "𝒜𐐨" })]
    [InlineData(" \t\n", new string[0])]
    [InlineData("", new string[0])]
    public void StandardFollowsUnicodeProperties(string text, string[] expected) => Assert.Equal(expected, Terms(null, text));

    [Fact]
    public void LowerCaseMapsBeyondAscii() =>
        Assert.Equal(["ἀχιλλεύσ", "привет", "i\u0307stanbul", "ⱥ"], Filtered("\"lowercase\"", "ἈΧΙΛΛΕΎΣ ПРИВЕТ İstanbul Ⱥ"));

    [Fact]
    public void DetailCountsBytesAndPositions()
    {
        Analyzer analyzer = Analyzer.Parse("""{"tokenizer": "standard", "filter": ["lowercase", {"type": "stop", "stop_words": ["the"]}]}""");
        Assert.Equal(
            [new AnalyzerToken("été", 0, 5, 0, 1, TermHash.Of("été"u8)), new AnalyzerToken("end", 11, 14, 2, 1, TermHash.Of("end"u8))],
            analyzer.GetTokens("Été, the end"));
    }

    [Fact]
    public void InvalidUtf8SeparatesTokens()
    {
        byte[] text = [.. "ab"u8, 0xFF, .. "cd"u8, 0xE4, 0xB8];
        Assert.Equal(["ab", "cd"], Analyzer.Standard.GetTokens(text).Select(token => token.Text));
        Assert.Equal(["ab\uFFFDcd\uFFFD"], Analyzer.Parse("""{"tokenizer": "whitespace", "filter": ["lowercase"]}""").GetTokens(text).Select(token => token.Text));
    }

    [Fact]
    public void SinkCanStop()
    {
        var sink = new CountingSink(2);
        foreach (string tokenizer in new[] { "standard", "whitespace" })
        {
            sink.Seen = 0;
            Analyzer.Parse($$"""{"tokenizer": "{{tokenizer}}", "filter": ["lowercase"]}""").Analyze("one two three four", sink);
            Assert.Equal(2, sink.Seen);
        }
    }

    [Fact]
    public void LongTokensPassEveryFilter()
    {
        string text = new string('É', 5000) + new string('A', 5000);
        string term = Assert.Single(Filtered("\"lowercase\", \"asciifolding\", \"decimaldigit\", {\"type\":\"stemmer\",\"language\":\"english\"}, {\"type\":\"regex\",\"expr\":\"^e+a+$\"}", text));
        Assert.Equal(new string('e', 5000) + new string('a', 5000), term);
    }

    [Fact]
    public void WhitespaceKeepsPunctuation() => Assert.Equal(["a,b", "(c)", "d"], Filtered("", " a,b\t(c)\r\nd "));

    [Fact]
    public void CharGroupSplitsAtCharactersAndClasses()
    {
        Assert.Equal(["test", "test", "test", "te"], Terms("""{"tokenizer": {"type": "char_group", "delimiters": ["o", "punctuation", "digit"]}}""", "testotest,test1te"));
        Assert.Equal(["a", "b€c", "d"], Terms("""{"tokenizer": {"type": "char_group", "delimiters": ["、", "ascii_whitespace", "ascii_punctuation"]}}""", "a、b€c+d"));
        Assert.Equal(["1", "2"], Terms("""{"tokenizer": {"type": "char_group", "delimiters": ["letter", "whitespace", "symbol"]}}""", "1é\u3000€2"));
    }

    [Fact]
    public void AsciiFoldingSpellsLatinInAscii() =>
        Assert.Equal(["Cafe", "strasse", "AEther", "oeuvre", "A1", "fi", "東京", "Lodz", "o"], Filtered("\"asciifolding\"", "Café straße Æther œuvre Ａ１ ﬁ 東京 Łódź ộ"));

    [Fact]
    public void CharacterFiltersKeepWhatTheyName()
    {
        const string Text = "abc1 中文 中a é , a-b ,。";
        Assert.Equal(["abc1"], Filtered("\"alphanumonly\"", Text));
        Assert.Equal(["中文", "中a"], Filtered("\"cncharonly\"", Text));
        Assert.Equal(["abc1", "中文", "中a", "a-b"], Filtered("\"cnalphanumonly\"", Text));
        Assert.Equal(["abc1", "中文", "中a", "é"], Filtered("\"removepunct\"", Text));
        Assert.Equal(["é", ","], Filtered("{\"type\": \"length\", \"max\": 2}", Text));
    }

    [Fact]
    public void DecimalDigitsOfEveryScriptBecomeAscii() => Assert.Equal(["2024", "x5²"], Filtered("\"decimaldigit\"", "٢٠٢٤ x५²"));

    [Fact]
    public void RegexKeepsTokensWithAMatch() => Assert.Equal(["abc", "xbc"], Filtered("""{"type": "regex", "expr": "bc$"}""", "abc abcd xbc é"));

    [Fact]
    public void StopDropsListedWords()
    {
        Assert.Equal(["quick", "fox"], Terms("""{"type": "standard", "stop_words": ["_english_", "brown"]}""", "The quick brown fox is in"));
        Assert.Equal(["a", "c"], Filtered("""{"type": "stop", "stop_words": ["b"]}""", "a b c"));
    }

    [Fact]
    public void EnglishStemsAndDropsStopWords() =>
        Assert.Equal(["run", "search", "databas", "general"], Terms("""{"type": "english", "stop_words": ["fox"]}""", "The running fox searches databases generally"));

    [Fact]
    public void SynonymsReplaceOrExpand()
    {
        Assert.Equal(["fast", "quick", "car"], Filtered("""{"type": "synonym", "synonyms": ["quick, fast"]}""", "fast car"));
        Assert.Equal(["tv"], Filtered("""{"type": "synonym", "expand": false, "synonyms": ["tv, television, telly"]}""", "telly"));
        Assert.Equal(["translate", "=>", "x"], Filtered("""{"type": "synonym", "expand": false, "synonyms": ["trans => translate, \\=>"]}""", "trans x"));
        Assert.Equal(["trans", "translate"], Filtered("""{"type": "synonym", "synonyms": ["trans => translate"]}""", "trans"));
        Assert.All(
            Analyzer.Parse("""{"tokenizer": "standard", "filter": [{"type": "synonym", "synonyms": ["b => c, d"]}]}""").GetTokens("a b"),
            token => Assert.Equal(token.Text == "a" ? 0 : 1, token.Position));
    }

    [Theory]
    [InlineData("not json", "not valid JSON")]
    [InlineData("[]", "should be a json map")]
    [InlineData("""{"type": 5}""", "analyzer type should be string")]
    [InlineData("""{"type": "klingon"}""", "unknown build-in analyzer type: klingon")]
    [InlineData("""{"type": "standard", "stop_words": "a"}""", "stop_words should be array")]
    [InlineData("""{"type": "standard", "stop_words": [1]}""", "stop_words list item should be string")]
    [InlineData("""{"filter": []}""", "tokenizer name or type must be set")]
    [InlineData("""{"tokenizer": 1}""", "tokenizer name should be string or dict")]
    [InlineData("""{"tokenizer": "x"}""", "unsupported tokenizer: x")]
    [InlineData("""{"tokenizer": "char_group"}""", "delimiters can't be empty")]
    [InlineData("""{"tokenizer": {"type": "char_group", "delimiters": ["vowel"]}}""", "vowel not a char or name of build-in char group")]
    [InlineData("""{"tokenizer": "standard", "other": 1}""", "unknown analyzer option key: other")]
    [InlineData("""{"tokenizer": "standard", "filter": "lowercase"}""", "filter params should be array")]
    [InlineData("""{"tokenizer": "standard", "filter": ["upper"]}""", "filter not found :upper")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"max": 3}]}""", "no type field in filter params")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "upper"}]}""", "unsupport filter type: upper")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "length", "max": -1}]}""", "length max param")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "regex", "expr": "("}]}""", "regex expression invalid")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "regex", "expr": "(?=a)"}]}""", "regex expression invalid")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "stemmer", "language": "klingon"}]}""", "unsupport stemmer language: klingon")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "stemmer", "language": "elvish"}]}""", "unsupport stemmer language: elvish")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "synonym", "synonyms": ["a b, c"]}]}""", "space between words")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "synonym", "synonyms": ["a => b => c"]}]}""", "more than one")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "synonym", "synonyms": ["a\\x"]}]}""", "invalid synonym escaped")]
    public void BadParametersAreRefused(string analyzerParams, string text)
    {
        var error = Assert.Throws<MilvusException>(() => Analyzer.Parse(analyzerParams));
        Assert.Equal(ErrorCode.InvalidParameter, error.Code);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.EndsWith(": invalid parameter", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RegistrySharesAnalyzersUpToItsCapacity()
    {
        var registry = new AnalyzerRegistry(capacity: 1);
        const string First = """{"type": "english"}""";
        Assert.Same(Analyzer.Standard, registry.Get(""));
        Assert.Same(registry.Get(First), registry.Get(First));
        Assert.NotSame(registry.Get("""{"type": "standard"}"""), registry.Get("""{"type": "standard"}"""));
    }

    [Fact]
    public void MultiAnalyzerChoosesByNameAliasAndDefault()
    {
        MultiAnalyzer multi = MultiAnalyzer.Parse(
            """{"analyzers": {"default": {"tokenizer": "whitespace"}, "english": {"type": "english"}}, "by_field": "lang", "alias": {"en": "english"}}""");
        Assert.Equal("lang", multi.ByField);
        Assert.Same(multi.Select("english"), multi.Select("en"));
        Assert.Same(multi.Select(null), multi.Select("xx"));
        Assert.NotSame(multi.Select("en"), multi.Select("xx"));
        Assert.Throws<MilvusException>(() => MultiAnalyzer.Parse("""{"analyzers": {"en": {}}, "by_field": "lang"}"""));
        Assert.Throws<MilvusException>(() => MultiAnalyzer.Parse("""{"analyzers": {"default": {}}}"""));
        Assert.Throws<MilvusException>(() => MultiAnalyzer.Parse("""{"analyzers": {"default": {}}, "by_field": "l", "alias": {"a": "b"}}"""));
    }

    [Fact]
    public void AnalysisAllocatesNothing()
    {
        Analyzer analyzer = Analyzer.Parse("""{"type": "english"}""");
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("The Quick Brown Foxes naïvely jumped. ", 50)));
        var sink = new CountingSink(int.MaxValue);
        analyzer.Analyze(text, sink);
        long before = GC.GetAllocatedBytesForCurrentThread();
        analyzer.Analyze(text, sink);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256);
    }

    private sealed class CountingSink(int limit) : TokenSink
    {
        public int Seen { get; set; }

        public override bool Accept(scoped in AnalyzedToken token) => ++Seen < limit;
    }
}
