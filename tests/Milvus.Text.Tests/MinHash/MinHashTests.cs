using System.Runtime.InteropServices;
using System.Text;
using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.MinHash;

namespace Milvus.Text.Tests.MinHash;

public class MinHashTests
{
    [Theory]
    [InlineData(0, 0x2D06800538D394C2UL)]
    [InlineData(1, 0x13E608BC156DEFEDUL)]
    [InlineData(3, 0xA9088DDA485B481CUL)]
    [InlineData(4, 0x6D9253B16C8B1ED3UL)]
    [InlineData(8, 0x60539DB630471163UL)]
    [InlineData(9, 0xFEFF668361D723A8UL)]
    [InlineData(16, 0xB8C859B0F030B585UL)]
    [InlineData(17, 0x714A04408E79B80FUL)]
    [InlineData(32, 0x19FF4EE1D6BA1A55UL)]
    [InlineData(33, 0x3E44983AD21679C8UL)]
    [InlineData(64, 0x287EB1FA9E4BE2C1UL)]
    [InlineData(65, 0x829218DE4D798646UL)]
    [InlineData(97, 0x1DAA83271A8E7B7CUL)]
    [InlineData(128, 0x67425A03650261BFUL)]
    [InlineData(129, 0xC664BF3311C6ABC4UL)]
    [InlineData(240, 0x64556DC6B462A6CFUL)]
    [InlineData(241, 0x8BEADD3A8874FE17UL)]
    [InlineData(1024, 0x9B81661C641C72B1UL)]
    [InlineData(1025, 0x806C2072ED713576UL)]
    [InlineData(4000, 0xB64C496535C38EB6UL)]
    public void XxHash3_gives_the_values_of_the_reference_library(int bytes, ulong expected) =>
        Assert.Equal(expected, XxHash3.Hash([.. Enumerable.Range(0, bytes).Select(i => (byte)((i * 7) + 3))]));

    // Worked out by a program of its own in another language, as Milvus' tests do.
    [Theory]
    [InlineData("hello world", ShingleUnit.Character, ShingleHash.XxHash64, 42, new[] { 0x190D2362U, 0x12E28F59U, 0x1EABE2A1U, 0x4A02478FU })]
    [InlineData("hello world", ShingleUnit.Character, ShingleHash.Sha1, 42, new[] { 0x18EA1CCEU, 0x122FED23U, 0x09C10BBCU, 0x1F36BE67U })]
    [InlineData("the quick brown fox jumps", ShingleUnit.Word, ShingleHash.XxHash64, 1234, new[] { 0x857A792EU, 0x4817AD6FU, 0x72F57CF0U, 0x1ECDB60CU })]
    [InlineData("short", ShingleUnit.Word, ShingleHash.Sha1, 7, new[] { 0x848461EDU, 0x8907AA5DU, 0x8416A571U, 0xAC089511U })]
    [InlineData("ab", ShingleUnit.Character, ShingleHash.XxHash64, 1234, new[] { 0xB3BE52C6U, 0x94EADDC4U, 0xA7ACBB00U, 0xEB808500U })]
    public void Signatures_are_those_of_Milvus(string text, ShingleUnit unit, ShingleHash hash, long seed, uint[] expected)
    {
        var function = new MinHashFunction(Analyzer.Standard, expected.Length, 3, unit, hash, seed);
        var signature = new byte[function.SignatureBytes];
        function.Embed(Encoding.UTF8.GetBytes(text), signature);
        Assert.Equal(expected, MemoryMarshal.Cast<byte, uint>(signature).ToArray());
    }

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
