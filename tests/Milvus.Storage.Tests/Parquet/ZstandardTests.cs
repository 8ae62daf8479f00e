using Milvus.Storage.Parquet;

namespace Milvus.Storage.Tests.Parquet;

/// <summary>Pages compressed by Zstandard.</summary>
public sealed class ZstandardTests
{
    [Fact]
    public void Frames_of_the_reference_program_are_unpacked()
    {
        foreach (var (name, length, packed) in ZstandardSamples.All)
            Assert.True(ZstandardSamples.Make(name, length).AsSpan().SequenceEqual(ParquetCompression.Unpack(ParquetCodec.Zstd, Convert.FromBase64String(packed), length)), name);
    }

    [Fact]
    public void Frames_may_follow_each_other_with_others_between_them_that_are_passed_over()
    {
        var frames = ZstandardSamples.All.Where(s => s.Name is "pair" or "one").ToArray();
        byte[] skipped = [0x53, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];
        byte[] packed = [.. frames.SelectMany(f => skipped.Concat(Convert.FromBase64String(f.Packed)))];
        byte[] expected = [.. frames.SelectMany(f => ZstandardSamples.Make(f.Name, f.Length))];
        Assert.Equal(expected, ParquetCompression.Unpack(ParquetCodec.Zstd, packed, expected.Length));
    }

    [Fact]
    public void A_page_of_empty_frames_takes_no_memory()
    {
        byte[] empty = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0, 1, 0, 0];
        byte[] packed = [.. Enumerable.Repeat(empty, 10_000).SelectMany(f => f)];
        ParquetCompression.Unpack(ParquetCodec.Zstd, empty, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Empty(ParquetCompression.Unpack(ParquetCodec.Zstd, packed, 0));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
    }

    [Fact]
    public void Another_length_than_that_of_the_page_is_damage()
    {
        foreach (var (name, length, packed) in ZstandardSamples.All)
            foreach (var wrong in new[] { length - 1, length + 1 })
                if (wrong >= 0) Assert.True(Throws(Convert.FromBase64String(packed), wrong), name);
    }

    [Fact]
    public void Damaged_frames_give_other_bytes_or_are_refused_and_nothing_else()
    {
        var random = new Random(7);
        foreach (var (_, length, packed) in ZstandardSamples.All)
        {
            var good = Convert.FromBase64String(packed);
            for (var i = 0; i < 400; i++)
            {
                var bad = (byte[])good.Clone();
                for (var flips = random.Next(1, 4); flips > 0; flips--) bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
                Throws(bad, length);
                if (bad.Length > 1) Throws(good[..random.Next(good.Length)], length);
            }
        }
    }

    // Any other exception fails the test.
    private static bool Throws(byte[] packed, int length)
    {
        try
        {
            ParquetCompression.Unpack(ParquetCodec.Zstd, packed, length);
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }
}
