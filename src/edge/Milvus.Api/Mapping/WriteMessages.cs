using Google.Protobuf;
using Google.Protobuf.Collections;
using Milvus.Protocol;
using Milvus.Protocol.Schema;

namespace Milvus.Api.Mapping;

/// <summary>
/// Reads inserts and upserts such that float vectors are not decoded one by one: they stay in the message, and <see cref="FloatArray.Packed"/> says where.
/// Everything else is the generated parser's.
/// </summary>
internal static class WriteMessages
{
    /// <summary>The number of <c>fields_data</c>, the same in both messages.</summary>
    private const int FieldsData = InsertRequest.FieldsDataFieldNumber;

    /// <param name="message">Owned by the result from now on.</param>
    /// <exception cref="InvalidProtocolBufferException">The bytes are no such message.</exception>
    public static InsertRequest ParseInsert(ReadOnlyMemory<byte> message)
    {
        var request = new InsertRequest();
        Parse(message, request, request.FieldsData);
        return request;
    }

    /// <inheritdoc cref="ParseInsert"/>
    public static UpsertRequest ParseUpsert(ReadOnlyMemory<byte> message)
    {
        var request = new UpsertRequest();
        Parse(message, request, request.FieldsData);
        return request;
    }

    private static void Parse(ReadOnlyMemory<byte> message, IMessage request, RepeatedField<FieldData> columns)
    {
        var bytes = message.Span;
        var fields = new WireFields(bytes);
        var plain = 0;
        while (fields.Next())
        {
            if (fields.Number != FieldsData || !fields.IsDelimited) continue;
            request.MergeFrom(bytes[plain..fields.Start]);
            columns.Add(ParseColumn(message[fields.Content..fields.End]));
            plain = fields.End;
        }
        // What is malformed is behind the last good column: the parser finds it and says so.
        request.MergeFrom(bytes[plain..]);
    }

    private static FieldData ParseColumn(ReadOnlyMemory<byte> message)
    {
        var bytes = message.Span;
        var column = new FieldData();
        if (FindOnly(bytes, FieldData.VectorsFieldNumber) is not var (vectorsStart, vectorsContent, vectorsEnd)
            || FindOnly(bytes[vectorsContent..vectorsEnd], VectorField.FloatVectorFieldNumber) is not var (floatsStart, floatsContent, floatsEnd)
            || FindOnly(bytes[vectorsContent..vectorsEnd][floatsContent..floatsEnd], FloatArray.DataFieldNumber) is not var (start, content, end)
            || start != 0 || end != floatsEnd - floatsContent || (end - content) % sizeof(float) != 0 || HasOtherValues(bytes))
        {
            column.MergeFrom(bytes);
            return column;
        }
        column.MergeFrom(bytes[..vectorsStart]);
        column.MergeFrom(bytes[vectorsEnd..]);
        var vectors = new VectorField();
        var inner = message[vectorsContent..vectorsEnd];
        vectors.MergeFrom(inner.Span[..floatsStart]);
        vectors.MergeFrom(inner.Span[floatsEnd..]);
        if (vectors.DataCase == VectorField.DataOneofCase.None) vectors.FloatVector = new FloatArray { Packed = inner[floatsContent..floatsEnd][content..end] };
        column.Vectors = vectors;
        return column;
    }

    // The last of several kinds of values counts; which that is is the parser's to say.
    private static bool HasOtherValues(ReadOnlySpan<byte> message)
    {
        var fields = new WireFields(message);
        while (fields.Next())
            if (fields.Number is FieldData.ScalarsFieldNumber or FieldData.StructArraysFieldNumber) return true;
        return fields.IsMalformed;
    }

    /// <summary>The only field with a number; null when there is none, or more than one, or one without a length.</summary>
    private static (int Start, int Content, int End)? FindOnly(ReadOnlySpan<byte> message, int number)
    {
        (int Start, int Content, int End)? found = null;
        var fields = new WireFields(message);
        while (fields.Next())
        {
            if (fields.Number != number) continue;
            if (found is not null || !fields.IsDelimited) return null;
            found = (fields.Start, fields.Content, fields.End);
        }
        return fields.IsMalformed ? null : found;
    }
}
