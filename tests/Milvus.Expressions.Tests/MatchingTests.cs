using System.Text;
using Milvus.Expressions.Matching;
using Milvus.Expressions.Tests.Naive;
using Milvus.Model;

namespace Milvus.Expressions.Tests;

/// <summary>like, regular expressions and text functions on single values.</summary>
public class MatchingTests
{
    private readonly FilterScratch _scratch = new();

    [Theory]
    [InlineData("x%", typeof(LiteralTest))]
    [InlineData("%x", typeof(LiteralTest))]
    [InlineData("%x%", typeof(LiteralTest))]
    [InlineData("x", typeof(LiteralTest))]
    [InlineData("", typeof(LiteralTest))]
    [InlineData("%", typeof(LiteralTest))]
    [InlineData("100\\%%", typeof(LiteralTest))]
    [InlineData("a%b", typeof(LikePattern))]
    [InlineData("_", typeof(LikePattern))]
    public void Compiles_common_patterns_to_plain_tests(string pattern, Type kind) => Assert.Equal(kind, LikePattern.Compile(pattern).GetType());

    [Fact]
    public void Like_agrees_with_trying_every_way()
    {
        var random = new Random(5);
        string[] atoms = ["a", "b", "ab", "é", "😀", "日", "%", "_", "\\%", "\\_", "\\\\", "\n"];
        string[] letters = ["a", "b", "é", "😀", "日", "%", "_", "\\", "\n"];
        for (var i = 0; i < 4000; i++)
        {
            var pattern = string.Concat(Enumerable.Range(0, random.Next(7)).Select(_ => atoms[random.Next(atoms.Length)]));
            var text = string.Concat(Enumerable.Range(0, random.Next(9)).Select(_ => letters[random.Next(letters.Length)]));
            Assert.True(NaiveValues.Like(text, pattern) == LikePattern.Compile(pattern).IsMatch(Encoding.UTF8.GetBytes(text), _scratch), $"'{text}' like '{pattern}'");
        }
    }

    [Theory]
    [InlineData("a.c", "xa\ncx", true)]
    [InlineData("^abc", "abcd", true)]
    [InlineData("^abc", "xabc", false)]
    [InlineData("abc$", "xabc", true)]
    [InlineData("abc$", "abc\n", false)]
    [InlineData("^$", "", true)]
    [InlineData("(?m)^b$", "a\nb\nc", true)]
    [InlineData("(?-s)a.c", "a\nc", false)]
    [InlineData("(?i)straße", "STRAßE", true)]
    [InlineData("(?i:a)b", "Ab", true)]
    [InlineData("(?i:a)b", "AB", false)]
    [InlineData("^.$", "😀", true)]
    [InlineData("^..$", "😀", false)]
    [InlineData("^[^x]$", "😀", true)]
    [InlineData("^[😀-😂]+$", "😀😁😂", true)]
    [InlineData("^[😀-😂]+$", "😃", false)]
    [InlineData("^\\d+$", "123", true)]
    [InlineData("^\\d+$", "١٢٣", false)]
    [InlineData("^\\w+$", "é", false)]
    [InlineData("^\\pL+$", "éΩ日", true)]
    [InlineData("^\\p{Lu}\\P{Lu}$", "Éé", true)]
    [InlineData("\\p{Han}+", "text 中文", true)]
    [InlineData("^\\p{Han}$", "𠀀", true)]
    [InlineData("\\p{Han}", "かな kana", false)]
    [InlineData("^[\\p{Hiragana}a-n\\s]+$", "かな kana", true)]
    [InlineData("^\\P{Greek}+$", "alpha β", false)]
    [InlineData("^\\p{^Old_Italic}$", "𐌀", false)]
    [InlineData("^\\p{Latin}\\p{Common}\\p{Inherited}$", "é1\u0301", true)]
    [InlineData("[[:alpha:]_]{3}", "12a_b", true)]
    [InlineData("^[\\]\\-a]+$", "]-a", true)]
    [InlineData("^[]a]+$", "]a", true)]
    [InlineData("^[a-c-e]+$", "b-e", true)]
    [InlineData("\\Qa.b\\E+", "a.bbb", true)]
    [InlineData("\\Qa.b\\E", "axb", false)]
    [InlineData("(?P<year>\\d{4})-(?<month>\\d\\d)", "on 2024-05", true)]
    [InlineData("a{,2}", "a{,2}", true)]
    [InlineData("x{2,3}?y", "xxy", true)]
    [InlineData("\\x41\\x{1F600}\\101", "A😀A", true)]
    [InlineData("(?U)a+", "caat", true)]
    [InlineData("a|b|", "zzz", true)]
    [InlineData("\\.", "a.b", true)]
    [InlineData("\\.", "ab", false)]
    [InlineData("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false)]
    [InlineData("\\bcat\\b", "a cat sat", true)]
    [InlineData("\\bcat\\b", "concat", false)]
    [InlineData("plain", "complains", true)]
    [InlineData("plain", "plan", false)]
    public void Regex_follows_RE2(string pattern, string text, bool matches) =>
        Assert.Equal(matches, RegexTest.Compile(pattern).IsMatch(Encoding.UTF8.GetBytes(text), _scratch));

    [Theory]
    [InlineData("(")]
    [InlineData(")")]
    [InlineData("[a")]
    [InlineData("a**")]
    [InlineData("*a")]
    [InlineData("(?i)*")]
    [InlineData("a{1001}")]
    [InlineData("(a{100}){100}")]
    [InlineData("a{3,2}")]
    [InlineData("(a)\\1")]
    [InlineData("(?=a)")]
    [InlineData("(?!a)")]
    [InlineData("(?<=a)b")]
    [InlineData("(?>a)")]
    [InlineData("(?#x)")]
    [InlineData("(?x)a")]
    [InlineData("\\Z")]
    [InlineData("\\G")]
    [InlineData("\\h")]
    [InlineData("\\")]
    [InlineData("[b-a]")]
    [InlineData("[[:nope:]]")]
    [InlineData("\\p{Nope}")]
    [InlineData("\\p{han}")]
    [InlineData("\\p{Ha}")]
    [InlineData("\\p{}")]
    [InlineData("(?P<>a)")]
    [InlineData("\\x{110000}")]
    public void Regex_refuses_what_RE2_refuses(string pattern) => Assert.Contains("invalid regex pattern", Assert.Throws<FilterError>(() => RegexTest.Compile(pattern)).Message);

    [Fact]
    public void Text_functions_use_the_fields_analyzer()
    {
        string?[] documents = ["The quick brown fox", "quick, Brown!", "slow fox", null, ""];
        var rows = new Rows(Sample.Schema, [.. documents.Select((d, i) => new Dictionary<string, object?> { ["id"] = (long)i, ["key"] = "k", ["doc"] = d, ["txt"] = d })]);
        List<int> Select(string filter) => rows.Select(Sample.Compile(filter));
        Assert.Equal([0, 1], Select("text_match(doc, 'BROWN cow')"));
        Assert.Equal([0, 2], Select("text_match(txt, 'fox')"));
        Assert.Equal([0], Select("text_match(doc, 'brown fox', minimum_should_match=2)"));
        Assert.Equal([2, 4], Select("not text_match(doc, 'quick')"));
        Assert.Equal([0, 1], Select("phrase_match(doc, 'quick brown')"));
        Assert.Equal([0], Select("phrase_match(doc, 'quick fox', 1)"));
        Assert.Equal([], Select("text_match(doc, '')"));
        var query = new Dictionary<string, Literal> { ["q"] = new Literal.Text("fox") };
        Assert.Equal([0, 2], rows.Select(Sample.Compile("text_match(doc, {q})", query)));
    }

    [Fact]
    public void Functions_of_the_executor()
    {
        string?[] s = ["", "abc", "ab", null];
        string?[] t = ["", "ab", "abc", "a"];
        var rows = new Rows(Sample.Schema, [.. s.Select((v, i) => new Dictionary<string, object?> { ["id"] = (long)i, ["key"] = "k", ["s"] = v, ["t"] = t[i] })]);
        Assert.Equal([0], rows.Select(Sample.Compile("empty(s)")));
        Assert.Equal([1, 2], rows.Select(Sample.Compile("starts_with(s, \"ab\")")));
        Assert.Equal([0, 1], rows.Select(Sample.Compile("starts_with(s, t)")));
    }
}
