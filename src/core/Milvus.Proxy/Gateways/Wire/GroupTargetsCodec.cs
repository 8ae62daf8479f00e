using System.Buffers;
using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Wire;

/// <summary>What a search groups by, inside of the search.</summary>
internal static class GroupTargetsCodec
{
    public static void Write(IBufferWriter<byte> output, ImmutableArray<GroupTarget> targets, ImmutableArray<Column> only)
    {
        ColumnCodec.WriteInt32(output, targets.Length);
        foreach (var (field, path) in targets)
        {
            ColumnCodec.WriteInt64(output, field.Id);
            WireFormat.WriteFlag(output, path is not null);
            if (path is not null) Write(output, path);
        }
        ColumnCodec.WriteInt32(output, only.IsEmpty ? 0 : only[0].Count);
        WireFormat.WriteColumns(output, only);
    }

    public static (ImmutableArray<GroupTarget> Targets, ImmutableArray<Column> Only) Read(ref ColumnReader input, CollectionSchema schema)
    {
        var targets = ImmutableArray.CreateBuilder<GroupTarget>(input.ReadCount(itemBytes: 9));
        for (var i = 0; i < targets.Capacity; i++)
            targets.Add(new GroupTarget(WireFormat.ReadField(ref input, schema), input.ReadFlag() ? ReadPath(ref input) : null));
        var groups = input.ReadInt32();
        var only = WireFormat.ReadColumns(ref input, groups);
        if (!only.IsEmpty && only.Length != targets.Count) throw input.Damaged($"{only.Length} columns of groups by {targets.Count} fields");
        return (targets.MoveToImmutable(), only);
    }

    private static void Write(IBufferWriter<byte> output, JsonProjection path)
    {
        ColumnCodec.WriteInt32(output, (int)path.Type);
        WireFormat.WriteFlag(output, path.IsStrict);
        ColumnCodec.WriteInt32(output, path.Path.Length);
        foreach (var step in path.Path) ColumnCodec.WriteText(output, step);
    }

    private static JsonProjection ReadPath(ref ColumnReader input)
    {
        var type = (DataType)input.ReadInt32();
        if (type is not (DataType.Bool or DataType.Int64 or DataType.Double or DataType.VarChar)) throw input.Damaged($"JSON values as {(int)type}");
        var strict = input.ReadFlag();
        var path = ImmutableArray.CreateBuilder<string>(input.ReadCount(itemBytes: 4));
        for (var i = 0; i < path.Capacity; i++) path.Add(input.ReadText());
        return new JsonProjection(path.MoveToImmutable(), type, strict);
    }
}
