using System.Buffers;
using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Wire;

/// <summary>The binary form of how segments answered.</summary>
public static class SegmentExplainCodec
{
    public static ReadOnlyMemory<byte> Encode(ImmutableArray<SegmentExplain> segments)
    {
        var output = WireFormat.Begin(WireKind.SegmentExplains, 256L * segments.Length);
        ColumnCodec.WriteInt32(output, segments.Length);
        foreach (var segment in segments) Write(output, segment);
        return WireFormat.End(output);
    }

    /// <exception cref="IntegrityException">Not such a message, or damaged.</exception>
    public static ImmutableArray<SegmentExplain> Decode(ReadOnlyMemory<byte> message)
    {
        var input = WireFormat.Open(message, WireKind.SegmentExplains);
        var segments = ImmutableArray.CreateBuilder<SegmentExplain>(input.ReadCount(itemBytes: 64));
        for (var i = 0; i < segments.Capacity; i++) segments.Add(Read(ref input));
        WireFormat.Close(input);
        return segments.MoveToImmutable();
    }

    private static void Write(IBufferWriter<byte> output, SegmentExplain segment)
    {
        ColumnCodec.WriteInt64(output, segment.SegmentId);
        ColumnCodec.WriteInt64(output, segment.PartitionId);
        WireFormat.WriteFlag(output, segment.IsSealed);
        ColumnCodec.WriteInt32(output, segment.RowCount);
        ColumnCodec.WriteInt64(output, segment.RowsVisible);
        ColumnCodec.WriteInt64(output, segment.RowsPassing);
        ColumnCodec.WriteText(output, segment.FilterPlan);
        ColumnCodec.WriteInt32(output, segment.Blocks);
        ColumnCodec.WriteInt32(output, segment.BlocksPruned);
        ColumnCodec.WriteInt32(output, segment.BlocksSkipped);
        ColumnCodec.WriteInt64(output, segment.RowsPruned);
        ColumnCodec.WriteText(output, segment.SearchPlan);
        ColumnCodec.WriteText(output, segment.SearchReason);
        ColumnCodec.WriteText(output, segment.VectorIndex);
        ColumnCodec.WriteInt32(output, segment.Hits);
        ColumnCodec.WriteInt64(output, BitConverter.DoubleToInt64Bits(segment.FilterMs));
        ColumnCodec.WriteInt64(output, BitConverter.DoubleToInt64Bits(segment.SearchMs));
        ColumnCodec.WriteInt32(output, segment.Tests.Length);
        foreach (var test in segment.Tests)
        {
            ColumnCodec.WriteText(output, test.Test);
            ColumnCodec.WriteInt64(output, test.IndexId);
            ColumnCodec.WriteText(output, test.IndexKind);
            WireFormat.WriteFlag(output, test.IsExact);
            ColumnCodec.WriteInt64(output, test.Rows);
            ColumnCodec.WriteInt64(output, test.IndexCost);
            ColumnCodec.WriteInt64(output, test.ScanCost);
        }
    }

    private static SegmentExplain Read(ref ColumnReader input)
    {
        var segment = new SegmentExplain
        {
            SegmentId = input.ReadInt64(),
            PartitionId = input.ReadInt64(),
            IsSealed = input.ReadFlag(),
            RowCount = input.ReadInt32(),
            RowsVisible = input.ReadInt64(),
            RowsPassing = input.ReadInt64(),
            FilterPlan = input.ReadText(),
            Blocks = input.ReadInt32(),
            BlocksPruned = input.ReadInt32(),
            BlocksSkipped = input.ReadInt32(),
            RowsPruned = input.ReadInt64(),
            SearchPlan = input.ReadText(),
            SearchReason = input.ReadText(),
            VectorIndex = input.ReadText(),
            Hits = input.ReadInt32(),
            FilterMs = BitConverter.Int64BitsToDouble(input.ReadInt64()),
            SearchMs = BitConverter.Int64BitsToDouble(input.ReadInt64()),
        };
        var tests = ImmutableArray.CreateBuilder<TestExplain>(input.ReadCount(itemBytes: 41));
        for (var i = 0; i < tests.Capacity; i++)
        {
            tests.Add(new TestExplain(
                input.ReadText(), input.ReadInt64(), input.ReadText(), input.ReadFlag(), input.ReadInt64(), input.ReadInt64(), input.ReadInt64()));
        }
        return segment with { Tests = tests.MoveToImmutable() };
    }
}
