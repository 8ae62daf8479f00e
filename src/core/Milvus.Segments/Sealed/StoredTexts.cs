using System.Diagnostics.CodeAnalysis;
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

    private const int BufferBytes = 1 << 16;

    /// <summary>True when the terms of a column are stored.</summary>
    public static bool AreKept([NotNullWhen(true)] SegmentColumnFile? file) => file is not null && file.Bytes >= MinBytes;

    /// <summary>Reads terms that are in a file of this machine, for a filter that would have to make them otherwise; null where there are none that are sound.</summary>
    public static ScalarIndex? TryRead(FieldSchema field, SealedData data, SegmentColumnFile? file, IObjectStore store)
    {
        if (!AreKept(file) || data.Find(field.Id) is not SealedScalarField stored) return null;
        var key = KeyOf(field, file);
        if (store.TryGetLocalPath(key) is not { } path) return null;
        try
        {
            using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, BufferBytes);
            return TextIndexes.Load(source, key, stored.Blocks, data.RowCount);
        }
        catch (Exception e) when (e is IOException or IntegrityException or UnauthorizedAccessException)
        {
            // Made again, and stored by who warms the segment.
            return null;
        }
    }

    /// <summary>Sees to it that the segment has an index of the field's terms, and that they are stored.</summary>
    /// <returns>Why terms were not read or not written, though they should have been.</returns>
    public static async Task<Exception?> WarmAsync(FieldSchema field, SealedData data, SegmentColumnFile? file, IObjectStore store, CancellationToken cancellation)
    {
        var problem = AreKept(file) && data.Find(field.Id) is SealedScalarField stored ? await WarmAsync(field, data, stored, KeyOf(field, file), store, cancellation).ConfigureAwait(false) : null;
        data.Texts.Of(field, data);
        data.Texts.Settle(field);
        return problem;
    }

    private static string KeyOf(FieldSchema field, SegmentColumnFile file) => SegmentKeys.Terms(file.ObjectKey, SealedTexts.AnalyzerOf(field));

    private static async Task<Exception?> WarmAsync(FieldSchema field, SealedData data, SealedScalarField stored, string key, IObjectStore store, CancellationToken cancellation)
    {
        Exception? problem = null;
        // What a filter made in the meantime was not to be had from the store, as far as it looked.
        if (!data.Texts.IsMade(field))
        {
            try
            {
                await using var source = await store.OpenReadAsync(key, cancellationToken: cancellation).ConfigureAwait(false);
                data.Texts.Add(field, TextIndexes.Load(new BufferedStream(source, BufferBytes), key, stored.Blocks, data.RowCount));
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
