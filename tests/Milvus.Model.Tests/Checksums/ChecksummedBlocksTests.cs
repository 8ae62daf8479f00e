namespace Milvus.Model.Tests.Checksums;

public sealed class ChecksummedBlocksTests
{
    private const int Block = 1 << 20;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(Block, 1)]
    [InlineData(Block + 1, 2)]
    [InlineData((2 * Block) + 7, 3)]
    public void What_was_written_is_read(int length, int blocks)
    {
        var bytes = Bytes(length);
        using var file = new MemoryStream();
        var written = ChecksummedBlocks.Write(file, bytes, 42);
        Assert.Equal(length + (4 * blocks), file.Length);
        Assert.Equal(Crc32C.Append(42, bytes), written);
        file.Position = 0;
        var read = new byte[length];
        Assert.Equal(written, ChecksummedBlocks.Read(file, read, 42, "f", "thing"));
        Assert.Equal(bytes, read);
    }

    [Fact]
    public void Changed_exchanged_and_missing_blocks_are_noticed()
    {
        using var file = new MemoryStream();
        ChecksummedBlocks.Write(file, Bytes(3 * Block), 0);
        var good = file.ToArray();
        var random = new Random(2);
        for (var i = 0; i < 20; i++)
        {
            var bad = (byte[])good.Clone();
            bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            Refused(bad, 0);
        }
        const int Stored = Block + 4;
        Refused([.. good[Stored..(2 * Stored)], .. good[..Stored], .. good[(2 * Stored)..]], 0);
        Refused([.. good[..Stored], .. good[(2 * Stored)..], .. good[(2 * Stored)..]], 0);
        Refused(good, seed: 1);
        Assert.Throws<EndOfStreamException>(() => Read(good[..^1], 0));
    }

    private static void Refused(byte[] stored, uint seed)
    {
        var e = Assert.Throws<IntegrityException>(() => Read(stored, seed));
        Assert.Equal("f", e.DamagedSource);
        Assert.Contains("a block of the thing fails its checksum", e.Message, StringComparison.Ordinal);
    }

    private static void Read(byte[] stored, uint seed) => ChecksummedBlocks.Read(new MemoryStream(stored), new byte[3 * Block], seed, "f", "thing");

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
