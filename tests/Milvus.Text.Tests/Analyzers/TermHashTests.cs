using System.Text;
using Milvus.Text.Analyzers;

namespace Milvus.Text.Tests.Analyzers;

public sealed class TermHashTests
{
    // Frozen: terms are stored in segments under these numbers.
    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)]
    [InlineData("a", 0xE8B7BE43u)]
    [InlineData("milvus", 0x2B425977u)]
    public void HashIsCrc32(string term, uint expected) => Assert.Equal(expected, TermHash.Of(Encoding.UTF8.GetBytes(term)));

    [Fact]
    public void OnlyTheFirstHundredBytesCount()
    {
        byte[] longTerm = Encoding.UTF8.GetBytes(new string('x', 100) + "tail");
        Assert.Equal(TermHash.Of(longTerm.AsSpan(0, 100)), TermHash.Of(longTerm));
        Assert.NotEqual(TermHash.Of(longTerm.AsSpan(0, 99)), TermHash.Of(longTerm));
    }
}
