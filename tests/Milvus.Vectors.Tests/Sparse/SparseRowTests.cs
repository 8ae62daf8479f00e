using System.Buffers.Binary;
using Milvus.Model;

namespace Milvus.Vectors.Tests.Sparse;

public sealed class SparseRowTests
{
    [Fact]
    public void EncodingIsThatOfTheWire()
    {
        byte[] row = SparseRow.Encode(new(3, 1.5f), new(uint.MaxValue - 1, 2f));
        Assert.Equal(3u, BinaryPrimitives.ReadUInt32LittleEndian(row));
        Assert.Equal(1.5f, BinaryPrimitives.ReadSingleLittleEndian(row.AsSpan(4)));
        Assert.Equal(new SparseElement(uint.MaxValue - 1, 2f), SparseRow.Elements(row)[1]);
        Assert.Equal(uint.MaxValue, SparseRow.Dimension(row));
        Assert.Equal(0, SparseRow.Dimension([]));
    }

    [Fact]
    public void ValidRowsPass()
    {
        SparseRow.Validate([]);
        SparseRow.Validate(SparseRow.Encode(new(0, 0f), new(1, float.MaxValue), new(uint.MaxValue - 1, 1f)));
    }

    public static TheoryData<byte[], string> Malformed => new()
    {
        { new byte[7], "invalid data length in sparse float vector: 7" },
        { SparseRow.Encode(new SparseElement(uint.MaxValue, 1f)), "invalid index in sparse float vector: must be less than 2^32-1" },
        { SparseRow.Encode(new(2, 1f), new(2, 1f)), "unsorted or same indices in sparse float vector" },
        { SparseRow.Encode(new(2, 1f), new(1, 1f)), "unsorted or same indices in sparse float vector" },
        { SparseRow.Encode(new SparseElement(2, -1f)), "negative value in sparse float vector" },
        { SparseRow.Encode(new SparseElement(2, float.NaN)), "value 'NaN' is not a number or infinity" },
        { SparseRow.Encode(new SparseElement(2, float.PositiveInfinity)), "value '+Inf' is not a number or infinity" },
        { SparseRow.Encode(new SparseElement(2, float.NegativeInfinity)), "value '-Inf' is not a number or infinity" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void MalformedRowsAreRefused(byte[] row, string text)
    {
        var error = Assert.Throws<MilvusException>(() => SparseRow.Validate(row));
        Assert.Equal(ErrorCode.InvalidParameter, error.Code);
        Assert.Equal(text + ": invalid parameter", error.Message);
    }

    [Fact]
    public void DotIsTheSumOverSharedIndexes()
    {
        var random = new Random(1);
        for (int round = 0; round < 300; round++)
        {
            byte[] a = SparseData.Row(random, 40, 60, false), b = SparseData.Row(random, round % 2 == 0 ? 5 : 60, 60, false);
            Assert.Equal(SparseData.Score(a, b, null), SparseRow.Dot(a, b), 4);
            Assert.Equal(SparseRow.Dot(a, b), SparseRow.Dot(b, a));
        }
        Assert.Equal(0, SparseRow.Dot(ReadOnlySpan<byte>.Empty, []));
    }

    [Fact]
    public void SeekFindsTheFirstNotBelow()
    {
        SparseElement[] row = [.. Enumerable.Range(0, 100).Select(i => new SparseElement((uint)(3 * i), 1f))];
        for (int from = 0; from <= row.Length; from += 7)
        {
            for (uint index = 0; index < 320; index++)
            {
                int expected = from;
                while (expected < row.Length && row[expected].Index < index)
                    expected++;
                Assert.Equal(expected, SparseRow.Seek(row, from, index));
            }
        }
    }
}
