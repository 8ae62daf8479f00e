using Milvus.Storage.Files;
using Milvus.TestKit.Disk;

namespace Milvus.Storage.Tests.Files;

/// <summary>However buffers are cut, the file holds them one behind the other, where they were to begin, and nothing else changes.</summary>
public sealed class WriteBehindTests
{
    private const int Least = 4 << 20;

    [Fact]
    public void What_is_written_in_pieces_is_what_one_write_writes()
    {
        using var directory = new TemporaryDirectory();
        for (var seed = 0; seed < 24; seed++)
        {
            var random = new Random(seed);
            var path = directory.Combine($"f{seed}");
            var before = new byte[random.Next(1, 100_000)];
            random.NextBytes(before);
            File.WriteAllBytes(path, before);
            long offset = random.Next(before.Length + 1);
            var buffers = Buffers(random, seed % 3 == 0 ? random.Next(Least) : random.Next(Least, 3 * Least));
            byte[] expected = [.. before.AsSpan(0, (int)offset), .. buffers.SelectMany(b => b.ToArray())];
            if (expected.Length < before.Length) expected = [.. expected, .. before[expected.Length..]];
            using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite))
            {
                WriteBehind.Write(file, offset, buffers);
                RandomAccess.FlushToDisk(file);
            }
            Assert.True(expected.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Least - 1)]
    [InlineData(Least)]
    [InlineData(Least + 1)]
    [InlineData(3 * Least / 2)]
    public void Lengths_around_a_piece_are_written_whole(int length)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.Combine("f");
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write)) WriteBehind.Write(file, 7, [ReadOnlyMemory<byte>.Empty, bytes, ReadOnlyMemory<byte>.Empty]);
        byte[] written = File.ReadAllBytes(path);
        Assert.Equal(length == 0 ? 0 : length + 7, written.Length);
        Assert.True(written.AsSpan(Math.Min(7, written.Length)).SequenceEqual(bytes));
    }

    [Fact]
    public void A_failure_is_reported()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.Combine("f");
        File.WriteAllBytes(path, [1]);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read);
        Assert.ThrowsAny<Exception>(() => WriteBehind.Write(file, 0, [new byte[2 * Least]]));
        Assert.Equal([1], File.ReadAllBytes(path));
    }

    // Some empty, some of many pieces.
    private static List<ReadOnlyMemory<byte>> Buffers(Random random, int total)
    {
        var buffers = new List<ReadOnlyMemory<byte>>();
        while (total > 0)
        {
            var length = random.Next(8) == 0 ? 0 : Math.Min(total, random.Next(3) == 0 ? random.Next(1, Least) : random.Next(1, 200_000));
            var buffer = new byte[length];
            random.NextBytes(buffer);
            buffers.Add(buffer);
            total -= length;
        }
        return buffers;
    }
}
