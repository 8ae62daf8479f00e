using System.Text;
using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.Indexing;
using Milvus.Text.Matching;
using Milvus.Text.Tests.Matching;

namespace Milvus.Text.Tests.Indexing;

public sealed class TextIndexTests
{
    private static (byte[]?[] Documents, TextIndex Index) Segment(int seed, int rows, int words, int vocabulary)
    {
        var random = new Random(seed);
        var documents = new byte[rows][];
        var builder = new TextIndexBuilder(Analyzer.Standard);
        for (int row = 0; row < rows; row++)
        {
            if (random.Next(20) == 0)
                continue; // null
            documents[row] = Encoding.UTF8.GetBytes(string.Join(' ', TextMatcherTests.Words(random, random.Next(words), vocabulary)));
            builder.Add(row, documents[row]);
        }
        return (documents, builder.Build(rows));
    }

    private static int[] Rows(ulong[] words) =>
        [.. Enumerable.Range(0, words.Length * 64).Where(row => (words[row >> 6] >> row & 1) != 0)];

    private static byte[] Save(TextIndex index)
    {
        using var stream = new MemoryStream();
        TextIndexFile.Save(index, stream);
        return stream.ToArray();
    }

    private static TextIndex Load(byte[] bytes) => TextIndexFile.Load(new MemoryStream(bytes), "segment-7/text");

    [Theory]
    [InlineData(21, 0, 5, 5)]
    [InlineData(22, 1000, 12, 40)]
    [InlineData(23, 3000, 6, 5000)]
    [InlineData(24, 200, 2000, 30_000)] // several blocks and many terms
    public void TheIndexAgreesWithReadingEveryDocument(int seed, int rowCount, int words, int vocabulary)
    {
        (byte[]?[] documents, TextIndex built) = Segment(seed, rowCount, words, vocabulary);
        TextIndex loaded = Load(Save(built));
        var random = new Random(seed);
        foreach (TextIndex index in new[] { built, loaded })
        {
            for (int round = 0; round < 40; round++)
            {
                string query = string.Join(' ', TextMatcherTests.Words(random, random.Next(5), vocabulary));
                var matcher = new TextMatcher(Analyzer.Standard, query, random.Next(1, 4));
                var bits = new ulong[(rowCount + 63) / 64];
                index.Match(matcher, bits);
                Assert.Equal(Enumerable.Range(0, rowCount).Where(row => documents[row] is { } text && matcher.IsMatch(text)), Rows(bits));

                var phrase = new PhraseMatcher(Analyzer.Standard, query, uint.MaxValue);
                Array.Clear(bits);
                index.Candidates(phrase, bits);
                Assert.Equal(Enumerable.Range(0, rowCount).Where(row => documents[row] is { } text && phrase.IsMatch(text)), Rows(bits));
            }
            byte[] term = Encoding.UTF8.GetBytes("w" + random.Next(vocabulary));
            var one = new TextMatcher(Analyzer.Standard, Encoding.UTF8.GetString(term));
            Assert.Equal(documents.Count(text => text is not null && one.IsMatch(text)), index.RowsWith(term));
        }
    }

    [Fact]
    public void BitsAlreadySetStay()
    {
        var builder = new TextIndexBuilder(Analyzer.Standard);
        builder.Add(3, "fox"u8);
        ulong[] bits = [1];
        builder.Build(64).Match(new TextMatcher(Analyzer.Standard, "fox"), bits);
        Assert.Equal([0, 3], Rows(bits));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Build(65).Match(new TextMatcher(Analyzer.Standard, "fox"), new ulong[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Add(3, "fox"u8));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Build(3));
    }

    [Fact]
    public void EveryFlippedBitAndEveryTruncationIsFoundAndNamed()
    {
        byte[] bytes = Save(Segment(25, 30, 4, 12).Index);
        for (int length = 0; length < bytes.Length; length++)
            AssertDamaged(bytes[..length]);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            byte[] damaged = [.. bytes];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertDamaged(damaged);
        }
    }

    [Fact]
    public void FormatIsFrozen()
    {
        var builder = new TextIndexBuilder(Analyzer.Standard);
        builder.Add(1, "b a"u8);
        builder.Add(201, "b"u8);
        Assert.Equal("4D54584901000000CA000000020000000200000004000000721DE5EE616206A8C8D501000000020000000A1F81330101C70130BA43020100000004000000360E9FB70100000002000000F6F5BE13", Convert.ToHexString(Save(builder.Build(202))));
    }

    private static void AssertDamaged(byte[] bytes)
    {
        var error = Assert.Throws<IntegrityException>(() => Load(bytes));
        Assert.Equal("segment-7/text", error.DamagedSource);
    }
}
