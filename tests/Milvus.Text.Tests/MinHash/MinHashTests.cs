using System.Text;
using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.MinHash;

namespace Milvus.Text.Tests.MinHash;

public class MinHashTests
{
    [Theory]
    [InlineData("", 0xEF46DB3751D8E999UL)]
    [InlineData("a", 0xD24EC4F1A98C6E5BUL)]
    [InlineData("abc", 0x44BC2CF5AD770999UL)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1UL)]
    public void XxHash64_gives_the_published_values(string text, ulong expected) => Assert.Equal(expected, XxHash64.Hash(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData(ShingleUnit.Word, ShingleHash.XxHash64)]
    [InlineData(ShingleUnit.Character, ShingleHash.XxHash64)]
    [InlineData(ShingleUnit.Word, ShingleHash.Sha1)]
    public void Equal_values_estimate_the_share_of_common_runs(ShingleUnit unit, ShingleHash hash)
    {
        const int Hashes = 2048;
        var function = new MinHashFunction(Analyzer.Standard, Hashes, 3, unit, hash, seed: 1234);
        var random = new Random(5);
        for (var round = 0; round < 8; round++)
        {
            var a = Enumerable.Range(0, 60).Select(_ => Word(random)).ToArray();
            var b = a.ToArray();
            for (var i = 0; i < b.Length * round / 10; i++) b[i] = Word(random);
            var expected = Jaccard(Runs(a, unit), Runs(b, unit));
            Assert.InRange(Alike(Sign(function, a), Sign(function, b)), expected - 0.05, expected + 0.05);
        }
    }

    [Fact]
    public void Signatures_depend_on_the_seed_and_on_nothing_else()
    {
        var one = new MinHashFunction(Analyzer.Standard, 16, 2, ShingleUnit.Word, ShingleHash.XxHash64, 1);
        var same = new MinHashFunction(Analyzer.Standard, 16, 2, ShingleUnit.Word, ShingleHash.XxHash64, 1);
        var other = new MinHashFunction(Analyzer.Standard, 16, 2, ShingleUnit.Word, ShingleHash.XxHash64, 2);
        var texts = BinaryColumn.FromStrings(DataType.VarChar, ["the quick brown fox", "short", "", null]);
        var column = one.Embed(texts);
        Assert.Equal((4, 512), (column.Count, column.Dimension));
        Assert.True(column.Data.SequenceEqual(same.Embed(texts).Data));
        Assert.False(column[0].SequenceEqual(other.Embed(texts)[0]));
        Assert.False(column[0].SequenceEqual(column[1]));
        Assert.All(column[2].ToArray().Concat(column[3].ToArray()), b => Assert.Equal(0xFF, b));
    }

    private static string Word(Random random) => string.Concat(Enumerable.Range(0, random.Next(3, 9)).Select(_ => (char)random.Next('a', 'z' + 1)));

    private static byte[] Sign(MinHashFunction function, string[] words)
    {
        var signature = new byte[function.SignatureBytes];
        function.Embed(Encoding.UTF8.GetBytes(string.Join(' ', words)), signature);
        return signature;
    }

    private static HashSet<string> Runs(string[] words, ShingleUnit unit)
    {
        string[] units = unit == ShingleUnit.Word ? words : [.. string.Join(' ', words).Select(c => c.ToString())];
        return [.. Enumerable.Range(0, units.Length - 2).Select(i => string.Join('|', units[i..(i + 3)]))];
    }

    private static double Jaccard(HashSet<string> a, HashSet<string> b) => (double)a.Intersect(b).Count() / a.Union(b).Count();

    private static double Alike(byte[] a, byte[] b)
    {
        var equal = 0;
        for (var i = 0; i < a.Length; i += 4)
            if (a.AsSpan(i, 4).SequenceEqual(b.AsSpan(i, 4))) equal++;
        return (double)equal / (a.Length / 4);
    }
}
