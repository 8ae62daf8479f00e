using System.Text;

namespace Milvus.Model.Tests.Checksums;

public sealed class Crc32CTests
{
    [Fact]
    public void Matches_the_published_values()
    {
        // RFC 3720, appendix B.4.
        Assert.Equal(0xE3069283u, Crc32C.Compute(Encoding.ASCII.GetBytes("123456789")));
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Compute(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
        Assert.Equal(0u, Crc32C.Compute([]));
    }

    [Fact]
    public void Fast_path_equals_the_bitwise_definition_at_every_length_and_alignment()
    {
        var data = new byte[8000];
        new Random(1).NextBytes(data);
        for (var length = 0; length < 200; length++)
            Check(data.AsSpan(length % 13, length));
        foreach (var length in new[] { 3071, 3072, 3073, 3080, 6143, 6144, 6151, 7990 })
            for (var start = 0; start < 9; start++)
                Check(data.AsSpan(start, length));

        static void Check(ReadOnlySpan<byte> piece)
        {
            var expected = Bitwise(piece);
            Assert.Equal(expected, Crc32C.Compute(piece));
            Assert.Equal(expected, Crc32C.AppendScalar(0, piece));
        }
    }

    [Fact]
    public void Pieces_add_up_to_the_whole()
    {
        var data = new byte[20_000];
        var random = new Random(2);
        random.NextBytes(data);
        for (var trial = 0; trial < 50; trial++)
        {
            uint checksum = 0;
            for (var start = 0; start < data.Length;)
            {
                var step = Math.Min(random.Next(1, 7000), data.Length - start);
                checksum = Crc32C.Append(checksum, data.AsSpan(start, step));
                start += step;
            }
            Assert.Equal(Crc32C.Compute(data), checksum);
        }
    }

    private static uint Bitwise(ReadOnlySpan<byte> data)
    {
        var state = uint.MaxValue;
        foreach (var value in data)
        {
            state ^= value;
            for (var bit = 0; bit < 8; bit++)
                state = (state >> 1) ^ ((state & 1) * 0x82F63B78);
        }
        return ~state;
    }
}
