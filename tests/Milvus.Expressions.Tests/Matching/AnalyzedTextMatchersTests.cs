using Milvus.Expressions.Matching;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Expressions.Tests.Matching;

public sealed class AnalyzedTextMatchersTests
{
    private static FieldSchema Field(string? analyzerParams) => new()
    {
        Id = 100,
        Name = "t",
        Type = DataType.VarChar,
        TypeParams = analyzerParams is null ? [] : [new("analyzer_params", analyzerParams)],
    };

    [Fact]
    public void FieldsAreReadByTheirOwnAnalyzer()
    {
        var matchers = new AnalyzedTextMatchers(new AnalyzerRegistry());
        FieldSchema plain = Field(null), english = Field("""{"type": "english"}""");
        Assert.True(matchers.Match(plain, "database fox", 1).IsMatch("A Database"u8));
        Assert.False(matchers.Match(plain, "database fox", 2).IsMatch("A Database"u8));
        Assert.False(matchers.Match(plain, "searching", 1).IsMatch("he searches"u8));
        Assert.True(matchers.Match(english, "searching", 1).IsMatch("he searches"u8));
        Assert.True(matchers.Phrase(plain, "quick fox", 1).IsMatch("the quick brown fox"u8));
        Assert.False(matchers.Phrase(plain, "quick fox", 0).IsMatch("the quick brown fox"u8));
    }
}
