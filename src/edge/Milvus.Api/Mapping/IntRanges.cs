using Google.Protobuf.Collections;
using Milvus.Model;

namespace Milvus.Api.Mapping;

/// <summary>The wire carries Int8 and Int16 as 32-bit integers; values outside the type are refused.</summary>
internal static class IntRanges
{
    public static sbyte[] ToInt8(RepeatedField<int> values)
    {
        var narrow = new sbyte[values.Count];
        for (var i = 0; i < narrow.Length; i++) narrow[i] = Int8(values[i], i);
        return narrow;
    }

    public static short[] ToInt16(RepeatedField<int> values)
    {
        var narrow = new short[values.Count];
        for (var i = 0; i < narrow.Length; i++) narrow[i] = Int16(values[i], i);
        return narrow;
    }

    public static sbyte Int8(int value, int index) =>
        value is >= sbyte.MinValue and <= sbyte.MaxValue ? (sbyte)value : throw OutOfRange(value, index, sbyte.MinValue, sbyte.MaxValue);

    public static short Int16(int value, int index) =>
        value is >= short.MinValue and <= short.MaxValue ? (short)value : throw OutOfRange(value, index, short.MinValue, short.MaxValue);

    private static MilvusException OutOfRange(int value, int index, int low, int high) => MilvusException.InvalidParameter(
        $"the {index}th element ({value}) out of range: [{low}, {high}]", "integer doesn't overflow", "out of range");
}
