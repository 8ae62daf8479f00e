using Milvus.Expressions.Indexes;
using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;

namespace Milvus.Segments;

/// <summary>
/// Terms of analysed texts beside the column they are of, so that a segment that is loaded again need not be analysed again. They are no part of the segment: what is missing,
/// damaged or cannot be written costs time, nothing else. Several nodes may write the same terms; they are the same bytes.
/// </summary>
internal static class StoredTexts
{
    /// <summary>Shorter columns are analysed as fast as another object is read.</summary>
    private const int MinBytes = 64 * 1024;

    /// <summary>Sees to it that the segment has an index of the field's terms.</summary>
    /// <returns>Why terms were not read or not written, though they should have been.</returns>
    public static async Task<Exception?> WarmAsync(FieldSchema field, SealedData data, SegmentColumnFile? file, IObjectStore store, CancellationToken cancellation)
    {
        if (file is null || file.Bytes < MinBytes || data.Find(field.Id) is not SealedScalarField stored)
        {
            data.Texts.Of(field, data);
            return null;
        }
        var key = SegmentKeys.Terms(file.ObjectKey, SealedTexts.AnalyzerOf(field));
        Exception? problem = null;
        try
        {
            await using var source = await store.OpenReadAsync(key, cancellationToken: cancellation).ConfigureAwait(false);
            data.Texts.Add(field, TextIndexes.Load(new BufferedStream(source, 1 << 16), key, stored.Blocks, data.RowCount));
            return null;
        }
        catch (ObjectNotFoundException)
        {
            // The first to hold the segment.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            problem = e;
        }
        if (data.Texts.Of(field, data) is not { } made) return problem;
        try
        {
            await store.PutAsync(
                key,
                (target, _) =>
                {
                    TextIndexes.Save(made, target);
                    return Task.CompletedTask;
                },
                cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            problem = e;
        }
        return problem;
    }
}
