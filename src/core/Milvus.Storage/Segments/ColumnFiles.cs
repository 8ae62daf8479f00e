using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Storage.Segments;

/// <summary>Whole column files in one call.</summary>
public static class ColumnFiles
{
    /// <summary>
    /// Writes the batches of rows as the object <paramref name="key"/>. They are pulled one at a time while the file is written, so a
    /// column of any length passes in constant memory. When it throws, nothing is stored.
    /// </summary>
    public static async Task<ColumnFileSummary> WriteAsync(
        IObjectStore store, string key, ColumnFileFormat format, IAsyncEnumerable<Column> batches, CancellationToken cancellationToken = default)
    {
        ColumnFileSummary? summary = null;
        await store.PutAsync(
            key,
            async (stream, token) =>
            {
                using var writer = new ColumnFileWriter(stream, format);
                await foreach (var batch in batches.WithCancellation(token).ConfigureAwait(false))
                    await writer.AppendAsync(batch, token).ConfigureAwait(false);
                summary = await writer.CompleteAsync(token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return summary!;
    }

    /// <summary>As the other overload, for batches that are at hand.</summary>
    public static Task<ColumnFileSummary> WriteAsync(
        IObjectStore store, string key, ColumnFileFormat format, IEnumerable<Column> batches, CancellationToken cancellationToken = default) =>
        WriteAsync(store, key, format, batches.ToAsyncEnumerable(), cancellationToken);
}
