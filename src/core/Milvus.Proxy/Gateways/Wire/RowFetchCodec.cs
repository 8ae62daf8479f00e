using Milvus.Model;

namespace Milvus.Proxy.Wire;

/// <summary>The binary form of the question that <see cref="IShardReader.FetchAsync"/> asks.</summary>
public static class RowFetchCodec
{
    public static ReadOnlyMemory<byte> Encode(long fieldId, ReadOnlySpan<RowReference> rows)
    {
        var output = WireFormat.Begin(WireKind.Fetch, 16 + (rows.Length * 8L));
        ColumnCodec.WriteInt64(output, fieldId);
        WireFormat.WriteItems(output, rows);
        return WireFormat.End(output);
    }

    /// <exception cref="IntegrityException">Not such a question, or damaged.</exception>
    public static (long FieldId, RowReference[] Rows) Decode(ReadOnlyMemory<byte> message)
    {
        var input = WireFormat.Open(message, WireKind.Fetch);
        var field = input.ReadInt64();
        var rows = WireFormat.ReadItems<RowReference>(ref input);
        WireFormat.Close(input);
        return (field, rows);
    }
}

/// <summary>The binary form of the question that <see cref="IShardReader.GetTermStatisticsAsync"/> asks.</summary>
public static class TermQuestionCodec
{
    public static ReadOnlyMemory<byte> Encode(long fieldId, ReadOnlySpan<uint> terms)
    {
        var output = WireFormat.Begin(WireKind.Terms, 16 + (terms.Length * 4L));
        ColumnCodec.WriteInt64(output, fieldId);
        WireFormat.WriteItems(output, terms);
        return WireFormat.End(output);
    }

    /// <exception cref="IntegrityException">Not such a question, or damaged.</exception>
    public static (long FieldId, uint[] Terms) Decode(ReadOnlyMemory<byte> message)
    {
        var input = WireFormat.Open(message, WireKind.Terms);
        var field = input.ReadInt64();
        var terms = WireFormat.ReadItems<uint>(ref input);
        WireFormat.Close(input);
        return (field, terms);
    }
}

/// <summary>The binary form of one column, the answer to a fetch.</summary>
public static class ColumnReplyCodec
{
    public static ReadOnlyMemory<byte> Encode(Column column)
    {
        var output = WireFormat.Begin(WireKind.Column, ColumnCodec.EstimateSize(column));
        ColumnCodec.Write(output, column);
        return WireFormat.End(output);
    }

    /// <param name="message">A vector column refers to these bytes.</param>
    /// <exception cref="IntegrityException">Not a column, or damaged.</exception>
    public static Column Decode(ReadOnlyMemory<byte> message)
    {
        var input = WireFormat.Open(message, WireKind.Column);
        var column = ColumnCodec.Read(ref input);
        WireFormat.Close(input);
        return column;
    }
}
