using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading;

/// <summary>Builds the columns of an answer.</summary>
internal static class OutputAssembler
{
    /// <exception cref="MilvusException">1102: the answer is larger than <paramref name="maxBytes"/>.</exception>
    public static async Task<ImmutableArray<NamedColumn>> FetchAsync(
        OutputFields output, FieldSchema key, PrimaryKeys ids, RowFetch rows, int maxBytes, CancellationToken cancellation)
    {
        var columns = ImmutableArray.CreateBuilder<NamedColumn>(output.Fields.Length + 1);
        // One field at a time: the limit is noticed before the next field is read, and each field already uses all shards.
        long bytes = 0;
        foreach (var field in output.Fields)
            Add(field.Name, field.Id == key.Id ? ids.Column : await rows.FetchAsync(field, cancellation).ConfigureAwait(false), false);
        if (output.Dynamic is { } dynamic)
        {
            var column = await rows.FetchAsync(dynamic, cancellation).ConfigureAwait(false);
            Add(FieldIds.DynamicName, output.DynamicKeys.IsEmpty ? column : DynamicProjection.Restrict((BinaryColumn)column, output.DynamicKeys), true);
        }
        return columns.DrainToImmutable();

        void Add(string name, Column column, bool isDynamic)
        {
            bytes += column.ByteSize;
            if (bytes > maxBytes)
                throw new MilvusException(ErrorCode.ParameterTooLarge, $"query results exceed the maxOutputSize Limit {maxBytes}: parameter too large") { IsInputError = true };
            columns.Add(new NamedColumn(name, column, isDynamic));
        }
    }
}
