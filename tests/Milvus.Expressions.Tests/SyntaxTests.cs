using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Tests;

/// <summary>Tokens, precedence, literals.</summary>
public class SyntaxTests
{
    [Theory]
    [InlineData("2 ** 3 ** 2", "((2 ** 3) ** 2)")]
    [InlineData("-2 ** 2", "(- (2 ** 2))")]
    [InlineData("2 ** -3 ** 2", "(2 ** (- (3 ** 2)))")]
    [InlineData("-2 * 3", "(-2 * 3)")]
    [InlineData("-x * 3", "((- x) * 3)")]
    [InlineData("not a == 1", "((not a) == 1)")]
    [InlineData("! a in [1]", "((not a) in [1])")]
    [InlineData("a not in [1]", "(a not in [1])")]
    [InlineData("not a like 'x'", "(not (a like 'x'))")]
    [InlineData("not exists a[\"b\"] and c == 1", "((not (exists a[\"b\"])) and (c == 1))")]
    [InlineData("not a is null", "(not (a is null))")]
    [InlineData("a & 4 == 4", "(a & (4 == 4))")]
    [InlineData("(a & 4) == 4", "((a & 4) == 4)")]
    [InlineData("a | b ^ c & d", "(a | (b ^ (c & d)))")]
    [InlineData("a + 1 << 2 * 3", "((a + 1) << (2 * 3))")]
    [InlineData("a + b - c", "((a + b) - c)")]
    [InlineData("a * b / c % d", "(((a * b) / c) % d)")]
    [InlineData("a == b < c", "(a == (b < c))")]
    [InlineData("1 < a < 5", "(1 < a < 5)")]
    [InlineData("5 >= a > 1 and b", "((5 >= a > 1) and b)")]
    [InlineData("1 < a < 5 < 6", "((1 < a < 5) < 6)")]
    [InlineData("1 < a > 2", "((1 < a) > 2)")]
    [InlineData("1 < a + 2 < 5", "((1 < (a + 2)) < 5)")]
    [InlineData("1 + 2 < a[\"x\"] <= 3 * 4", "((1 + 2) < a[\"x\"] <= (3 * 4))")]
    [InlineData("x == 1 < a < 5", "(x == (1 < a < 5))")]
    [InlineData("a or b and c or d", "(a or (b and c) or d)")]
    [InlineData("a and b and c", "(a and b and c)")]
    [InlineData("a || b OR c", "(a or b or c)")]
    [InlineData("a =~ 'x' like 'y' !~ 'z'", "((a =~ ('x' like 'y')) !~ 'z')")]
    [InlineData("a in [1,] == true", "((a in [1]) == true)")]
    [InlineData("a in { x }", "(a in {x})")]
    [InlineData("f(a, [], 1,)", "f(a, [], 1)")]
    public void Groups_operators_by_precedence(string text, string expected) => Assert.Equal(expected, Dump(Parser.Parse(text), text));

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    [InlineData("012", 10L)]
    [InlineData("0x7F", 127L)]
    [InlineData("0b101", 5L)]
    [InlineData("-0x8000000000000000", long.MinValue)]
    [InlineData("1.5", 1.5)]
    [InlineData(".5", 0.5)]
    [InlineData("5.", 5.0)]
    [InlineData("1e3", 1000.0)]
    [InlineData("1.5e-7", 1.5e-7)]
    [InlineData("09.5", 9.5)]
    [InlineData("0x1.8p3", 12.0)]
    [InlineData("0x.8p-1", 0.25)]
    [InlineData("0x1p-2", 0.25)]
    [InlineData("0x123456789ABCDEF123p0", 3.3581272767073033E+20)]
    public void Reads_numbers(string text, object value)
    {
        var literal = Assert.IsType<NumberNode>(Parser.Parse(text)).Value;
        Assert.Equal(value, literal is Literal.Int i ? (object)i.Value : ((Literal.Float)literal).Value);
    }

    [Theory]
    [InlineData("09")]
    [InlineData("08")]
    [InlineData("1a")]
    [InlineData("0x")]
    [InlineData("0b2")]
    [InlineData("1.5.2")]
    [InlineData("1e")]
    [InlineData("9223372036854775808")]
    [InlineData("0xFFFFFFFFFFFFFFFF")]
    [InlineData("1e400")]
    public void Refuses_malformed_numbers(string text) => Assert.Throws<FilterError>(() => Parser.Parse(text));

    [Theory]
    [InlineData("\"it's\"", "it's")]
    [InlineData("'say \"x\"'", "say \"x\"")]
    [InlineData("'it\\'s \\\"'", "it's \"")]
    [InlineData("\"\\a\\b\\f\\n\\r\\t\\v\\\\\"", "\a\b\f\n\r\t\v\\")]
    [InlineData("\"\\101\\x42\\u0043\\U0001F600\"", "ABC😀")]
    [InlineData("\"\\xe4\\xbd\\xa0\"", "你")]
    [InlineData("\"你好\"", "你好")]
    [InlineData("r\"a\\d\\\"b\"", "a\\d\\\"b")]
    [InlineData("R'\\n'", "\\n")]
    [InlineData("''", "")]
    public void Decodes_strings(string text, string value) => Assert.Equal(value, Assert.IsType<StringNode>(Parser.Parse(text)).Value);

    [Theory]
    [InlineData("\"\\d\"")]
    [InlineData("\"\\%\"")]
    [InlineData("\"\\xZZ\"")]
    [InlineData("\"\\xff\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"\\400\"")]
    [InlineData("\"\\u12\"")]
    public void Refuses_invalid_escapes(string text) => Assert.Throws<FilterError>(() => Assert.IsType<StringNode>(Parser.Parse(text)).Value);

    [Theory]
    [InlineData("\"\\d+\\\\.\\\"\"", "\\d+\\.\"")]
    [InlineData("'\\w\\''", "\\w'")]
    [InlineData("r\"\\\\d\"", "\\\\d")]
    public void Keeps_backslashes_of_patterns(string text, string pattern) => Assert.Equal(pattern, Assert.IsType<StringNode>(Parser.Parse(text)).Pattern);

    [Fact]
    public void Takes_access_tokens_only_without_blanks()
    {
        var node = Assert.IsType<JsonAccessNode>(Parser.Parse("""j["x"][0]['a]b'][r"c\d"]["q\"]"]"""));
        Assert.Equal(["x", "0", "a]b", "c\\d", "q\"]"], node.Path.Select(p => p.Key));
        Assert.Throws<FilterError>(() => Parser.Parse("j [\"x\"]"));
        Assert.Throws<FilterError>(() => Parser.Parse("j[\"x\"] [\"y\"]"));
        Assert.Throws<FilterError>(() => Parser.Parse("j[ \"x\"]"));
        Assert.Equal(TokenKind.StructElement, Assert.IsType<StructAccessNode>(Parser.Parse("s[3][sub]")).Kind);
        Assert.Equal(TokenKind.StructColumn, Assert.IsType<StructAccessNode>(Parser.Parse("s[sub]")).Kind);
    }

    [Theory]
    [InlineData("And")]
    [InlineData("Like")]
    [InlineData("tRue")]
    [InlineData("Exists")]
    public void Knows_keywords_in_two_casings_only(string word) => Assert.IsType<NameNode>(Parser.Parse(word));

    [Fact]
    public void Refuses_deep_nesting_instead_of_overflowing()
    {
        const int Deep = 100_000;
        foreach (var text in new[]
        {
            new string('(', Deep) + "i == 1" + new string(')', Deep),
            new string('[', Deep),
            string.Concat(Enumerable.Repeat("not ", Deep)) + "i is null",
            new string('-', Deep) + "1 == i",
            string.Concat(Enumerable.Repeat("exists ", Deep)) + "a",
            "i == 1" + string.Concat(Enumerable.Repeat(" == 1", Deep)),
            "i == 1" + string.Concat(Enumerable.Repeat(" + 1", Deep)),
            string.Concat(Enumerable.Repeat("f(", Deep)),
        })
            Assert.Contains("nested too deeply", Sample.Refused(text).Message);
        var fine = new string('(', 400) + "i == 1" + new string(')', 400);
        Assert.Equal("i == 1", Sample.Compile(fine).Explain());
    }

    [Fact]
    public void Takes_long_chains_and_lists()
    {
        const int Many = 50_000;
        var or = string.Join(" or ", Enumerable.Range(0, Many).Select(i => $"i == {i}"));
        Assert.Equal(Many, Sample.Compile("id in [" + string.Join(",", Enumerable.Range(0, Many)) + "]").PrimaryKeys!.Keys.Count);
        Assert.StartsWith("i in [0, 1, 2", Sample.Compile(or).Explain());
        Assert.NotNull(Sample.Compile(string.Join(" and ", Enumerable.Range(0, 5_000).Select(i => $"(i > {i} or s like '{i}%')"))));
    }

    private static string Dump(SyntaxNode node, string text)
    {
        string D(SyntaxNode n) => Dump(n, text);
        string Op(TokenKind k) => k switch
        {
            TokenKind.Not or TokenKind.Bang => "not",
            TokenKind.Minus => "-",
            TokenKind.Plus => "+",
            TokenKind.Tilde => "~",
            TokenKind.Exists => "exists",
            TokenKind.Power => "**",
            TokenKind.Star => "*",
            TokenKind.Slash => "/",
            TokenKind.Percent => "%",
            TokenKind.Equal => "==",
            TokenKind.NotEqual => "!=",
            TokenKind.Less => "<",
            TokenKind.LessOrEqual => "<=",
            TokenKind.Greater => ">",
            TokenKind.GreaterOrEqual => ">=",
            TokenKind.Ampersand => "&",
            TokenKind.Bar => "|",
            TokenKind.Caret => "^",
            TokenKind.ShiftLeft => "<<",
            TokenKind.ShiftRight => ">>",
            TokenKind.Like => "like",
            TokenKind.RegexMatch => "=~",
            TokenKind.RegexNotMatch => "!~",
            TokenKind.And => "and",
            TokenKind.Or => "or",
            _ => k.ToString(),
        };
        return node switch
        {
            UnaryNode n => $"({Op(n.Operator)} {D(n.Operand)})",
            BinaryNode n => $"({D(n.Left)} {Op(n.Operator)} {D(n.Right)})",
            LogicalNode n => "(" + string.Join($" {Op(n.Operator)} ", n.Operands.Select(D)) + ")",
            MembershipNode n => $"({D(n.Operand)} {(n.IsNegated ? "not in" : "in")} {D(n.List)})",
            ChainNode n => $"({D(n.First)} {Op(n.FirstOperator)} {D(n.Target)} {Op(n.SecondOperator)} {D(n.Second)})",
            NullTestNode n => $"({D(n.Target)} {(n.IsNull ? "is null" : "is not null")})",
            ListNode n => "[" + string.Join(", ", n.Items.Select(D)) + "]",
            CallNode n => $"{n.Name}({string.Join(", ", n.Arguments.Select(D))})",
            TemplateNode n => "{" + n.Name + "}",
            _ => text[node.Start..node.End],
        };
    }
}
