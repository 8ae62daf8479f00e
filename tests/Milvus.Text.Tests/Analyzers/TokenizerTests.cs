using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Text.Tests.Analyzers;

/// <summary>Tokenizers that know about languages, and the built-in analyzers made of them.</summary>
public sealed class TokenizerTests
{
    private static string[] Terms(string analyzerParams, string text) => [.. Analyzer.Parse(analyzerParams).GetTokens(text).Select(token => token.Text)];

    [Theory]
    [InlineData("milvus结巴分词器中文测试", new[] { "milvus", "结巴", "分词", "分词器", "中文", "测试" })]
    [InlineData("我来到北京清华大学", new[] { "我", "来到", "北京", "清华", "大学", "清华大学" })]
    [InlineData("南京市长江大桥", new[] { "南京", "南京市", "长江", "大桥", "长江大桥" })]
    [InlineData("向量数据库 3.14", new[] { "向量", "数据", "数据库", "向量数据库", "3.14" })]
    public void ChineseCutsMixedTextIntoWords(string text, string[] expected) => Assert.Equal(expected, Terms("""{"type": "chinese"}""", text));

    [Fact]
    public void JiebaKeepsPunctuationAndExactModeGivesEachCharacterOnce()
    {
        Assert.Equal(["你好", "！", "世界", "。"], Terms("""{"tokenizer": "jieba"}""", "你好！世界。"));
        Assert.Equal(["清华大学", " ", "x1"], Terms("""{"tokenizer": {"type": "jieba", "mode": "exact"}}""", "清华大学 x1"));
        Assert.Equal(["你好", "世界"], Terms("""{"tokenizer": "jieba", "filter": ["removepunct"]}""", "你好！世界。"));
    }

    [Fact]
    public void UnknownCharactersBecomePairsOrStandAlone()
    {
        Assert.Equal(["翡翠", "翠螭", "螭吻"], Terms("""{"tokenizer": "jieba"}""", "翡翠螭吻"));
        Assert.Equal(["翡", "翠", "螭", "吻"], Terms("""{"tokenizer": {"type": "jieba", "hmm": false}}""", "翡翠螭吻"));
        Assert.Equal(["翡翠", "螭吻"], Terms("""{"tokenizer": {"type": "jieba", "dict": ["翡翠", "螭吻"]}}""", "翡翠螭吻"));
    }

    [Fact]
    public void OwnWordsWinAndCanStandAlone()
    {
        Assert.Equal(["江大桥", "来到", "南京市长"], Terms("""{"tokenizer": {"type": "jieba", "mode": "exact", "dict": ["_default_", "南京市长", "江大桥"]}}""", "江大桥来到南京市长"));
        Assert.Equal(["北", "京", "大学"], Terms("""{"tokenizer": {"type": "jieba", "mode": "exact", "hmm": false, "dict": ["大学"]}}""", "北京大学"));
    }

    [Fact]
    public void JiebaTellsBytesAndCharacters() => Assert.Equal(
        [new AnalyzerToken("a", 0, 1, 0, 1, TermHash.Of("a"u8)), new AnalyzerToken("北京", 1, 7, 1, 2, TermHash.Of("北京"u8)), new AnalyzerToken("b", 7, 8, 3, 1, TermHash.Of("b"u8))],
        Analyzer.Parse("""{"tokenizer": "jieba"}""").GetTokens("a北京b"));

    [Theory]
    [InlineData("Hello, world! can't 3.14 a_b", new[] { "Hello", ",", " ", "world", "!", " ", "can't", " ", "3.14", " ", "a_b" })]
    [InlineData("Привет! Как дела?", new[] { "Привет", "!", " ", "Как", " ", "дела", "?" })]
    [InlineData("北京大学 is", new[] { "北京大学", " ", "is" })]
    [InlineData("カタカナの🇩🇪🇫🇷", new[] { "カタカナ", "の", "🇩🇪", "🇫🇷" })]
    [InlineData("e\u0301a  b\r\n\nx", new[] { "e\u0301a", "  ", "b", "\r\n", "\n", "x" })]
    [InlineData("1,234.5 a:b x.", new[] { "1,234.5", " ", "a:b", " ", "x", "." })]
    public void IcuCutsAtUnicodeWordBoundaries(string text, string[] expected) => Assert.Equal(expected, Terms("""{"tokenizer": "icu"}""", text));

    [Fact]
    public void StandardWithUax29GivesWordsOnly() => Assert.Equal(
        ["Can't", "3.14", "北", "京"], Terms("""{"tokenizer": {"type": "standard", "uax29": true}}""", "(Can't) 3.14, 北京!"));

    [Fact]
    public void PinyinAddsReadings()
    {
        Assert.Equal(["中文", "zhong", "wen", "测试", "ce", "shi", "x"], Terms("""{"tokenizer": "jieba", "filter": ["pinyin", "removepunct"]}""", "中文测试 x"));
        Assert.Equal(
            ["zuqiu", "zq", "ok"],
            Terms("""{"tokenizer": "whitespace", "filter": [{"type": "pinyin", "keep_original": false, "keep_full_pinyin": false, "keep_joined_full_pinyin": true, "keep_separate_first_letter": true}]}""", "足球 ok"));
        Assert.Equal(["中a1", "zhong"], Terms("""{"tokenizer": "whitespace", "filter": ["pinyin"]}""", "中a1"));
        Assert.All(Analyzer.Parse("""{"tokenizer": "whitespace", "filter": ["pinyin"]}""").GetTokens("中文"), token => Assert.Equal((0, 6, 0), (token.StartOffset, token.EndOffset, token.Position)));
    }

    [Fact]
    public void ThaiFindsWordsAndPairsOfClustersBetween()
    {
        Assert.Equal(["ภาษาไทย", "สนุก", "มาก"], Terms("""{"tokenizer": "thai"}""", "ภาษาไทยสนุกมาก"));
        Assert.Equal(["ฐานข้อมูล", "milvus", "2025"], Terms("""{"type": "thai"}""", "ฐานข้อมูล Milvus ๒๐๒๕"));
        string[] unknown = Terms("""{"tokenizer": "thai"}""", "กขฃค");
        Assert.Equal(["กข", "ขฃ", "ฃค"], unknown);
    }

    [Fact]
    public void ArabicNormalisesStemsAndDropsStopWords() =>
        Assert.Equal(["كتاب", "مدرسه", "2024"], Terms("""{"type": "arabic"}""", "الكِتاب في المدرسة ٢٠٢٤"));

    [Theory]
    [InlineData("The cats are running in the garden", "cat run garden")]
    [InlineData("我来到北京", "我 来到 北京")]
    [InlineData("Die Katzen laufen nicht durch den Garten", "katz lauf gart")]
    [InlineData("zzz qqq", "zzz qqq")]
    public void LanguageIdentifierChoosesTheAnalyzer(string text, string expected)
    {
        const string Params = """
            {"tokenizer": {"type": "language_identifier", "identifier": "whatlang", "mapping": {"Mandarin": "zh"}, "analyzers": {
                "default": {"tokenizer": "whitespace"},
                "English": {"type": "english"},
                "German": {"tokenizer": "standard", "filter": ["lowercase", {"type": "stop", "stop_words": ["_german_"]}, {"type": "stemmer", "language": "german"}]},
                "zh": {"tokenizer": "jieba"}}}}
            """;
        Assert.Equal(expected.Split(' '), Terms(Params, text));
    }

    [Theory]
    [InlineData("Le chat est dans la maison avec les enfants", "French")]
    [InlineData("El perro está en la casa de los niños", "Spanish")]
    [InlineData("Os gatos não são da minha irmã", "Portuguese")]
    [InlineData("Il gatto è nella casa con i bambini", "Italian")]
    [InlineData("De kat zit niet op het dak van het huis", "Dutch")]
    [InlineData("Katten är inte på taket och hon ser den", "Swedish")]
    [InlineData("Minä olen talossa mutta hän ei ole", "Finnish")]
    [InlineData("Кошка сидит на крыше дома", "Russian")]
    [InlineData("Кішка сидить на даху її дому", "Ukrainian")]
    [InlineData("ネコは屋根の上にいます", "Japanese")]
    [InlineData("고양이가 지붕 위에 있다", "Korean")]
    [InlineData("القطة على سطح البيت", "Arabic")]
    [InlineData("แมวอยู่บนหลังคา", "Thai")]
    [InlineData("Η γάτα είναι στη στέγη", "Greek")]
    [InlineData("Kedi çatıda değil", "Turkish")]
    [InlineData("12345 !!", "default")] // the later of two keys counts
    public void LanguagesAreNamedInEnglish(string text, string language)
    {
        // Analyzers that drop every token but the expected language's.
        const string Dropping = """{"tokenizer": "whitespace", "filter": [{"type": "regex", "expr": "^$"}]}""";
        string marked = $"{{\"tokenizer\": {{\"type\": \"language_identifier\", \"analyzers\": {{\"default\": {Dropping}, \"{language}\": {{\"tokenizer\": \"whitespace\"}} }} }} }}";
        Assert.NotEmpty(Terms(marked, text));
    }

    [Fact]
    public void DecompounderTakesWholeCompoundsApart()
    {
        const string Params = """{"tokenizer": "whitespace", "filter": ["lowercase", {"type": "decompounder", "word_list": ["dampf", "schiff", "fahrt", "dampfschiff"]}]}""";
        Assert.Equal(["dampfschiff", "fahrt", "dampfer", "schiff"], Terms(Params, "Dampfschifffahrt Dampfer Schiff"));
        Assert.All(Analyzer.Parse(Params).GetTokens("Dampfschifffahrt"), token => Assert.Equal((0, 0, 16), (token.Position, token.StartOffset, token.EndOffset)));
    }

    [Theory]
    [InlineData("arabic chinese danish dutch english finnish french german hungarian italian norwegian portuguese russian spanish swedish thai")]
    public void NamedStopWordListsExist(string languages)
    {
        foreach (string language in languages.Split(' '))
            Assert.Equal([$"_{language}x_"], Terms($$"""{"tokenizer": "whitespace", "filter": [{"type": "stop", "stop_words": ["_{{language}}_"]}]}""", $"_{language}x_"));
        Assert.Equal(["haus"], Terms("""{"type": "standard", "stop_words": ["_german_"]}""", "Das ist ein Haus"));
        Assert.Equal(["maison"], Terms("""{"type": "standard", "stop_words": ["_french_"]}""", "C'est la maison"));
        Assert.Equal(["дом"], Terms("""{"type": "standard", "stop_words": ["_russian_"]}""", "это был дом").Where(term => term == "дом"));
    }

    [Theory]
    [InlineData("""{"tokenizer": "jieba"}""", """{"tokenizer": {"type": "jieba", "words": ["x"]}}""")]
    [InlineData("""{"tokenizer": "standard"}""", """{"tokenizer": {"type": "standard", "x": 1}}""")]
    [InlineData("""{"tokenizer": "icu"}""", """{"tokenizer": {"type": "icu", "locale": "th"}}""")]
    [InlineData("""{"tokenizer": {"type": "char_group", "delimiters": ["-"]}}""", """{"tokenizer": {"type": "char_group", "delimiters": ["-"], "max": 2}}""")]
    [InlineData("""{"tokenizer": "standard", "filter": ["lowercase", "pinyin"]}""", """{"tokenizer": "standard", "filter": [{"type": "lowercase", "x": 1}, {"type": "pinyin", "tones": true}]}""")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "stop", "stop_words": ["of"]}]}""", """{"tokenizer": "standard", "filter": [{"type": "stop", "stop_words": ["of"], "ignore_case": true}]}""")]
    public void OptionsThatNobodyReadsChangeNothing(string plain, string withMore)
    {
        const string text = "The House-keeper of 北京 said ทดสอบ";
        Assert.Equal(Terms(plain, text), Terms(withMore, text));
    }

    [Theory]
    [InlineData("""{"tokenizer": {"type": "jieba", "mode": "fast"}}""", "jieba mode should be search or exact, but got fast")]
    [InlineData("""{"tokenizer": {"type": "jieba", "extra_dict_file": {}}}""", "extra_dict_file is not supported")]
    [InlineData("""{"tokenizer": {"type": "grpc", "endpoint": "x"}}""", "grpc tokenizer endpoint must start with http:// or https://")]
    [InlineData("""{"tokenizer": "language_identifier"}""", "language_identifier tokenizer must set analyzers")]
    [InlineData("""{"tokenizer": {"type": "language_identifier", "analyzers": {"English": {"type": "english"}}}}""", "must set default analyzer")]
    [InlineData("""{"tokenizer": {"type": "language_identifier", "identifier": "guess", "analyzers": {"default": {}}}}""", "unsupported language identifier: guess")]
    [InlineData("""{"tokenizer": {"type": "language_identifier", "analyzers": {"default": {}}, "mapping": {"English": "en"}}}""", "names the unknown analyzer en")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "decompounder"}]}""", "decompounder word list must be set")]
    [InlineData("""{"tokenizer": "standard", "filter": [{"type": "stemmer", "language": "klingon"}]}""", "unsupport stemmer language: klingon")]
    public void WhatCannotBeHadIsRefusedByName(string analyzerParams, string text)
    {
        var error = Assert.Throws<MilvusException>(() => Analyzer.Parse(analyzerParams));
        Assert.Equal(ErrorCode.InvalidParameter, error.Code);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }
}
