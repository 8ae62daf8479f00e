using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors.Tests.Kernels;

public sealed unsafe class CodeLanesTests
{
    [Fact]
    public void All_lanes_sum_exactly()
    {
        Check<CodeLanesPortable>();
        if (Avx2.IsSupported)
            Check<CodeLanes256>();
        if (Avx512BW.IsSupported)
            Check<CodeLanes512>();
        if (AvxVnni.IsSupported)
            Check<CodeLanesVnni>();
    }

    [Fact]
    public void Products_of_bytes_and_words_are_exact()
    {
        var random = new Random(3);
        int* four = stackalloc int[4];
        foreach (int length in new[] { 32, 64, 96, 800, 4096 })
        {
            var rows = new byte[4 * length];
            random.NextBytes(rows);
            rows.AsSpan(0, length).Fill(255);
            int most = Math.Min(short.MaxValue, int.MaxValue / 255 / length);
            short[] units = [.. Enumerable.Range(0, length).Select(i => (short)(i % 7 == 0 ? most : random.Next(-most, most + 1)))];
            fixed (byte* r = rows)
            fixed (short* u = units)
                System.Runtime.Intrinsics.Vector128.Store(WordProducts.Of(r, r + length, r + (2 * length), r + (3 * length), u, length), four);
            for (int row = 0; row < 4; row++)
                Assert.Equal(Enumerable.Range(0, length).Sum(i => rows[(row * length) + i] * units[i]), four[row]);
        }
    }

    [Fact]
    public void Nibble_sums_are_the_same_on_every_path()
    {
        var random = new Random(2);
        foreach (int groups in new[] { 4, 8, 32, 192, 196, 256, 400 })
        {
            int bytes = groups * NibbleScan.GroupBytes;
            var codes = new byte[bytes];
            var tables = new byte[bytes];
            random.NextBytes(codes);
            for (int i = 0; i < bytes; i++)
                tables[i] = (byte)random.Next(NibbleScan.LargestEntry(groups) + 1);
            if (groups == 256)
                tables.AsSpan().Fill((byte)NibbleScan.LargestEntry(groups));
            var expected = new ushort[32];
            for (int vector = 0; vector < 32; vector++)
            {
                int sum = 0;
                for (int group = 0; group < groups; group++)
                {
                    int code = (codes[(group * 16) + (vector % 16)] >> (vector < 16 ? 0 : 4)) & 15;
                    sum += tables[(group * 16) + code];
                }

                expected[vector] = (ushort)sum;
            }

            var best = new ushort[32];
            var portable = new ushort[32];
            fixed (byte* c = codes, t = tables)
            fixed (ushort* b = best, p = portable)
            {
                NibbleScan.Sum(c, t, groups, b);
                NibbleScan.SumPortable(c, t, bytes, p);
            }

            Assert.Equal(expected, best);
            Assert.Equal(expected, portable);
        }
    }

    private static void Check<TLanes>()
        where TLanes : struct, ICodeLanes
    {
        var random = new Random(1);
        foreach (int length in new[] { 64, 128, 192, 768, 832, 4096 })
        {
            for (int round = 0; round < 5; round++)
            {
                var rows = new byte[4 * length];
                var query = new sbyte[length];
                random.NextBytes(rows);
                for (int i = 0; i < length; i++)
                    query[i] = (sbyte)random.Next(-128, 128);
                if (round == 0)
                {
                    rows.AsSpan().Fill(255);
                    query.AsSpan().Fill(-128);
                }

                var dots = new int[4];
                fixed (byte* r = rows)
                fixed (sbyte* q = query)
                fixed (int* d = dots)
                {
                    TLanes.Dot4(r, r + length, r + (2 * length), r + (3 * length), q, length, d);
                    for (int row = 0; row < 4; row++)
                    {
                        int expected = 0;
                        for (int i = 0; i < length; i++)
                            expected += rows[(row * length) + i] * query[i];
                        Assert.Equal(expected, dots[row]);
                        Assert.Equal(expected, TLanes.Dot(r + (row * length), q, length));
                    }
                }
            }
        }
    }
}
