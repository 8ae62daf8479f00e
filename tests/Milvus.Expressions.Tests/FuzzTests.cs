using System.Text;
using Milvus.Expressions.Tests.Naive;
using Milvus.Model;

namespace Milvus.Expressions.Tests;

/// <summary>Whatever comes in, the answer is a plan or an error with a code.</summary>
public class FuzzTests
{
    private static readonly string[] Tokens =
    [
        "i", "j", "s", "f", "flag", "json", "a[\"x\"]", "arr[0]", "arr", "$meta", "dyn", "vec", "txt", "geo", "ts", "null", "nope", "1", "-1", "2.5", "0x1F", "0", "\"x\"",
        "'y'", "r\"\\d\"", "true", "False", "and", "or", "not", "&&", "||", "!", "==", "!=", "<", "<=", ">", ">=", "=~", "!~", "=", "+", "-", "*", "/", "%", "**", "&", "|",
        "^", "~", "<<", ">>", "(", ")", "[", "]", "{", "}", ",", "in", "not in", "like", "exists", "is null", "is not null", "{v}", "[1,2]", "[]", "[\"a\"]",
        "text_match", "phrase_match", "random_sample", "json_contains", "array_contains_all", "array_length", "element_filter", "match_any", "st_within", "iso", "interval",
        "minimum_should_match", "threshold", "$[x]", "st[x]", "empty", "starts_with", "i in", "i ==", "(i", "array_length(arr)",
    ];

    [Fact]
    public void Random_tokens_never_crash()
    {
        var random = new Random(11);
        var accepted = 0;
        for (var n = 0; n < 10_000; n++)
            accepted += Try(string.Join(random.Next(5) == 0 ? "" : " ", Enumerable.Range(0, random.Next(1, 12)).Select(_ => Tokens[random.Next(Tokens.Length)]))) ? 1 : 0;
        Assert.InRange(accepted, 1, 5000);
    }

    [Fact]
    public void Random_characters_never_crash()
    {
        var random = new Random(12);
        for (var n = 0; n < 5_000; n++)
        {
            var text = new StringBuilder();
            for (var k = random.Next(1, 30); k > 0; k--)
                text.Append(random.Next(8) == 0 ? (char)random.Next(0x10000) : (char)random.Next(32, 127));
            Try(text.ToString());
        }
    }

    [Fact]
    public void Damaged_filters_never_crash()
    {
        var random = new Random(13);
        var filters = new RandomFilters(random);
        for (var n = 0; n < 3_000; n++)
        {
            var text = new StringBuilder(filters.Make(2).Text(Spelling.Literal));
            for (var k = random.Next(1, 4); k > 0; k--)
            {
                var at = random.Next(text.Length);
                if (random.Next(2) == 0) text.Remove(at, Math.Min(random.Next(1, 4), text.Length - at)).Append(' ');
                else text.Insert(at, Tokens[random.Next(Tokens.Length)]);
            }
            Try(text.ToString());
        }
    }

    [Fact]
    public void Random_patterns_never_crash()
    {
        var random = new Random(14);
        const string Alphabet = "ab01.^$*+?()[]{}|\\-,:=!<>PQEdDwWsSbBpLnxiAzé😀";
        for (var n = 0; n < 1_500; n++)
        {
            var pattern = new string([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
            var template = new Dictionary<string, Literal> { ["v"] = new Literal.Text(pattern) };
            foreach (var filter in new[] { "s =~ {v}", "s like {v}" })
            {
                try
                {
                    Sample.Compile(filter, template);
                }
                catch (MilvusException e)
                {
                    Assert.Equal(ErrorCode.InvalidParameter, e.Code);
                }
            }
        }
    }

    private static bool Try(string text)
    {
        try
        {
            Sample.Compile(text, new Dictionary<string, Literal> { ["v"] = new Literal.Int(1) });
            return true;
        }
        catch (MilvusException e)
        {
            Assert.True(e.Code is ErrorCode.InvalidParameter or ErrorCode.SegcoreError, $"{text}: {e}");
            return false;
        }
    }
}
