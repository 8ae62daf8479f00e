using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;
using Milvus.Expressions.Indexes;
using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>Reads sealed segments from object storage into memory; every byte passes its checksum on the way.</summary>
internal static class SegmentLoader
{
    public static async Task<SealedSegment> LoadAsync(
        SegmentManifest manifest, CollectionSchema schema, IObjectStore store, SegmentPlacement placement, CancellationToken cancellationToken)
    {
        var checks = new List<Task>();
        SealedData data;
        ImmutableArray<AttachedIndex> indexes;
        try
        {
            data = await LoadDataAsync(manifest, schema, store, placement, checks, cancellationToken).ConfigureAwait(false);
            indexes = await LoadIndexesAsync(manifest, data, store, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Nothing unchecked leaves this method, and damaged vectors are named before what was made of them.
            await Task.WhenAll(checks).ConfigureAwait(false);
        }
        data.SettleVectors(indexes);
        data.Texts.Stored = field => StoredTexts.TryRead(field, data, manifest.Columns.FirstOrDefault(c => c.FieldId == field.Id), store);
        return new SealedSegment(manifest, schema, data, new TombstoneLog(), indexes);
    }

    private static async Task<SealedData> LoadDataAsync(
        SegmentManifest manifest, CollectionSchema schema, IObjectStore store, SegmentPlacement placement, List<Task> checks, CancellationToken cancellationToken)
    {
        var fields = new List<SealedField>(manifest.Columns.Length);
        TimestampRuns? inserts = null;
        foreach (var file in manifest.Columns)
        {
            if (file.FieldId == FieldIds.Timestamp)
            {
                var reader = await OpenAsync(manifest, file, ColumnFileFormat.Timestamps, store, cancellationToken).ConfigureAwait(false);
                inserts = await ReadTimestampsAsync(reader, cancellationToken).ConfigureAwait(false);
            }
            else if (schema.Find(file.FieldId) is { } field)
            {
                var reader = await OpenAsync(manifest, file, ColumnFileFormat.For(field), store, cancellationToken).ConfigureAwait(false);
                fields.Add(await ReadFieldAsync(field, schema, reader, manifest.RowCount, new VectorPlace(store, placement, field.Id, checks), cancellationToken).ConfigureAwait(false));
            }
        }

        if (manifest.RowCount > 0 && inserts is null) throw Incomplete(manifest, "insert timestamps");
        if (fields.Find(f => f.FieldId == schema.PrimaryKey.Id) is not SealedScalarField keys)
        {
            if (manifest.RowCount > 0) throw Incomplete(manifest, "primary keys");
            keys = new SealedScalarField(schema.PrimaryKey.Id, [], []);
        }
        return new SealedData(manifest.RowCount, [.. fields], inserts ?? new TimestampRuns(), new PrimaryKeyOrder(keys.Blocks), placement);
    }

    /// <summary>Opens a column file and checks that it is the one the manifest means.</summary>
    public static async Task<ColumnFileReader> OpenAsync(
        SegmentManifest manifest, SegmentColumnFile file, ColumnFileFormat format, IObjectStore store, CancellationToken cancellationToken)
    {
        var reader = await ColumnFileReader.OpenAsync(store, file.ObjectKey, cancellationToken).ConfigureAwait(false);
        if (reader.Format != format) throw new IntegrityException(file.ObjectKey, $"holds {reader.Format} instead of {format}");
        if (reader.RowCount != manifest.RowCount) throw new IntegrityException(file.ObjectKey, $"holds {reader.RowCount} rows instead of {manifest.RowCount}");
        if (reader.BlockRows != ColumnLimits.BlockRows) throw new IntegrityException(file.ObjectKey, $"has blocks of {reader.BlockRows} rows instead of {ColumnLimits.BlockRows}");
        return reader;
    }

    public static long EstimateMemory(SegmentManifest manifest, CollectionSchema schema, SegmentPlacement placement)
    {
        long bytes = manifest.RowCount * (long)sizeof(int);
        foreach (var file in manifest.Columns)
        {
            if (file.FieldId == FieldIds.Timestamp) bytes += file.Bytes;
            else if (schema.Find(file.FieldId) is { } field) bytes += EstimateField(field, file.Bytes, manifest.RowCount, placement.Of(field.Id).IsMapped);
        }
        foreach (var index in manifest.Indexes)
        {
            // Of what is mapped next to nothing is in memory.
            var isMapped = IsMapped(index, schema, placement);
            if (!isMapped) bytes += EstimateIndex(index);
            if (index.Kind == SegmentIndexPlan.Flat && schema.Find(index.FieldId) is { } exact) bytes += EstimateRounded(manifest, exact);
            // Codes that are made when a graph is loaded, as far as it is known that some are.
            if (index.Kind is SegmentIndexPlan.Hnsw or SegmentIndexPlan.HnswBytes && placement.Fields.TryGetValue(index.FieldId, out var place) && schema.Find(index.FieldId) is { } field && field.Type.IsDenseVector())
            {
                var codes = isMapped && place.MostCodes > GraphCodes.Bytes ? GraphCodes.Bytes : place.MostCodes;
                bytes += manifest.RowCount * (index.Kind == SegmentIndexPlan.Hnsw
                    ? GraphMemory.CodeBytes(field.Type, field.Dimension, codes)
                    : GraphMemory.NeighbourCodeBytes(field.Dimension, codes, index.Bytes / Math.Max(1, manifest.RowCount)));
            }
        }
        return bytes;
    }

    // Rows of an exact index are kept rounded, wherever they are themselves. How many elements lists have only the length of their file tells.
    private static long EstimateRounded(SegmentManifest manifest, FieldSchema field)
    {
        if (field.Type != DataType.ArrayOfVector) return field.Type.IsDenseVector() ? manifest.RowCount * FlatIndex.BytesPerRow(field.Type, field.Dimension) : 0;
        var bytes = manifest.Columns.FirstOrDefault(c => c.FieldId == field.Id)?.Bytes ?? 0;
        return bytes / Math.Max(1, field.ElementType.VectorBytes(field.Dimension)) * FlatIndex.BytesPerRow(field.ElementType, field.Dimension);
    }

    // Where a mapped file cannot be deleted, compaction and the garbage collector would fail at theirs.
    private static bool IsMapped(SegmentIndexFile index, CollectionSchema schema, SegmentPlacement placement) =>
        !OperatingSystem.IsWindows() && placement.Of(index.FieldId).IsIndexMapped && index.Kind is not (SegmentIndexPlan.DiskGraph or SegmentIndexPlan.AllOnDisk)
        && schema.Find(index.FieldId)?.Type.IsVector() == true;

    private static long EstimateIndex(SegmentIndexFile index) => index.Kind switch
    {
        SegmentIndexPlan.DiskGraph => DiskGraphIndex.EstimateMemoryBytes(index.Bytes, isAllOnDisk: false),
        SegmentIndexPlan.AllOnDisk => DiskGraphIndex.EstimateMemoryBytes(index.Bytes, isAllOnDisk: true),
        _ => index.Bytes,
    };

    private static long EstimateField(FieldSchema field, long fileBytes, int rowCount, bool isMapped)
    {
        if (field.Type == DataType.SparseFloatVector) return fileBytes + (rowCount * 16L);
        if (field.Type == DataType.ArrayOfVector && isMapped) return rowCount * (long)sizeof(int);
        if (!field.Type.IsDenseVector()) return fileBytes;
        var norms = field.Type == DataType.BinaryVector ? 0 : sizeof(float);
        return rowCount * ((isMapped ? 0L : field.Type.VectorBytes(field.Dimension)) + norms) + (field.Nullable ? rowCount / 8 : 0);
    }

    private static async Task<SealedField> ReadFieldAsync(
        FieldSchema field, CollectionSchema schema, ColumnFileReader reader, int rowCount, VectorPlace place, CancellationToken cancellationToken)
    {
        if (field.Type == DataType.SparseFloatVector) return await ReadSparseAsync(field, schema.IsBm25Output(field), reader, cancellationToken).ConfigureAwait(false);
        if (field.Type == DataType.ArrayOfVector) return await ReadVectorArraysAsync(field, reader, rowCount, place, cancellationToken).ConfigureAwait(false);
        if (field.Type.IsDenseVector()) return await ReadVectorsAsync(field, reader, rowCount, place, cancellationToken).ConfigureAwait(false);
        var blocks = new Column[reader.BlockCount];
        var next = 0;
        await foreach (var block in reader.ReadBlocksAsync(0, cancellationToken).ConfigureAwait(false)) blocks[next++] = block;
        return new SealedScalarField(field.Id, blocks, [.. reader.Statistics.Select(BlockBounds.ToColumnStatistics)]);
    }

    private static async Task<SealedVectorField> ReadVectorsAsync(
        FieldSchema field, ColumnFileReader reader, int rowCount, VectorPlace place, CancellationToken cancellationToken)
    {
        if (await reader.ReadValidityAsync(cancellationToken).ConfigureAwait(false) is not { } validity)
            return new SealedVectorField(field.Id, rowCount, await place.ReadAsync(field, reader, rowCount, cancellationToken).ConfigureAwait(false), null);

        var slots = new VectorSlots(validity);
        var vectors = place.Create(field.Type, field.Dimension, slots.Count);
        await foreach (var block in reader.ReadBlocksAsync(0, cancellationToken).ConfigureAwait(false)) AppendPresent((VectorColumn)block, vectors);
        return new SealedVectorField(field.Id, rowCount, vectors, slots);
    }

    private static async Task<SealedVectorArrayField> ReadVectorArraysAsync(
        FieldSchema field, ColumnFileReader reader, int rowCount, VectorPlace place, CancellationToken cancellationToken)
    {
        var offsets = new int[rowCount + 1];
        var lists = new List<ArrayColumn>(reader.BlockCount);
        var row = 0;
        await foreach (var block in reader.ReadBlocksAsync(0, cancellationToken).ConfigureAwait(false))
        {
            var list = (ArrayColumn)block;
            lists.Add(list);
            for (var i = 1; i <= list.Count; i++, row++) offsets[row + 1] = checked(offsets[row] + list.Offsets[i] - list.Offsets[i - 1]);
        }
        var vectors = place.Create(field.ElementType, field.Dimension, offsets[^1]);
        foreach (var list in lists) vectors.Append(((VectorColumn)list.Elements).Data);
        var validity = await reader.ReadValidityAsync(cancellationToken).ConfigureAwait(false);
        return new SealedVectorArrayField(field.Id, rowCount, new VectorArrays(vectors, offsets, validity?.Words.ToArray()));
    }

    private static void AppendPresent(VectorColumn block, VectorStore vectors)
    {
        for (var start = 0; start < block.Count; start++)
        {
            if (block.IsNull(start)) continue;
            var end = start + 1;
            while (end < block.Count && !block.IsNull(end)) end++;
            vectors.Append(block.Data[(start * block.RowBytes)..(end * block.RowBytes)]);
            start = end;
        }
    }

    private static async Task<SealedSparseField> ReadSparseAsync(FieldSchema field, bool isBm25, ColumnFileReader reader, CancellationToken cancellationToken)
    {
        var vectors = new SparseRowStore();
        var statistics = isBm25 ? new Bm25StatisticsBuilder() : null;
        await foreach (var block in reader.ReadBlocksAsync(0, cancellationToken).ConfigureAwait(false))
        {
            var rows = (BinaryColumn)block;
            for (var i = 0; i < rows.Count; i++)
            {
                if (rows[i].Length % SparseRow.ElementBytes != 0) throw new IntegrityException(reader.Key, $"row {vectors.Count} is no sparse vector");
                vectors.Append(rows[i]);
                statistics?.Add(rows[i]);
            }
        }
        var validity = await reader.ReadValidityAsync(cancellationToken).ConfigureAwait(false);
        return new SealedSparseField(field.Id, vectors, validity?.Words.ToArray(), statistics?.Build());
    }

    private static async Task<TimestampRuns> ReadTimestampsAsync(ColumnFileReader reader, CancellationToken cancellationToken)
    {
        var runs = new TimestampRuns();
        await foreach (var block in reader.ReadBlocksAsync(0, cancellationToken).ConfigureAwait(false)) AppendRuns(runs, ((FixedColumn<long>)block).Values);
        runs.Trim();
        return runs;
    }

    private static void AppendRuns(TimestampRuns runs, ReadOnlySpan<long> times)
    {
        for (var start = 0; start < times.Length;)
        {
            var length = times[start..].IndexOfAnyExcept(times[start]);
            if (length < 0) length = times.Length - start;
            runs.Append(new Timestamp((ulong)times[start]), length);
            start += length;
        }
    }

    private static async Task<ImmutableArray<AttachedIndex>> LoadIndexesAsync(SegmentManifest manifest, SealedData data, IObjectStore store, CancellationToken cancellationToken)
    {
        var indexes = ImmutableArray.CreateBuilder<AttachedIndex>(manifest.Indexes.Length);
        foreach (var file in manifest.Indexes)
            if (await LoadIndexAsync(file, data, store, cancellationToken).ConfigureAwait(false) is { } index) indexes.Add(index);
        return indexes.DrainToImmutable();
    }

    /// <summary>Null when the segment does not store the field: an index whose field was dropped is left to garbage collection.</summary>
    public static async Task<AttachedIndex?> LoadIndexAsync(SegmentIndexFile file, SealedData data, IObjectStore store, CancellationToken cancellationToken)
    {
        if (data.Find(file.FieldId) is not { } field) return null;
        if (file.Kind is SegmentIndexPlan.DiskGraph or SegmentIndexPlan.AllOnDisk && field is SealedVectorField vectors)
        {
            var handle = await store.OpenFileAsync(file.ObjectKey, data.Placement.CopyDirectory ?? Path.GetTempPath(), cancellationToken).ConfigureAwait(false);
            return new AttachedIndex(file, OpenDiskGraph(handle, vectors, file), null);
        }
        var place = data.Placement.Of(file.FieldId);
        if (place.IsIndexMapped && field is not SealedScalarField && !OperatingSystem.IsWindows())
        {
            var handle = await store.OpenFileAsync(file.ObjectKey, data.Placement.CopyDirectory ?? Path.GetTempPath(), cancellationToken).ConfigureAwait(false);
            return MapIndex(file, field, handle, data.RowCount, place.MostCodes);
        }
        var stream = await store.OpenReadAsync(file.ObjectKey, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            return LoadIndex(file, field, stream, data.RowCount, place.MostCodes);
    }

    private static DiskGraphIndex OpenDiskGraph(SafeFileHandle handle, SealedVectorField field, SegmentIndexFile file)
    {
        try
        {
            return DiskGraphIndex.Open(handle, field.Vectors.Store, file.ObjectKey, isChecked: true);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static AttachedIndex MapIndex(SegmentIndexFile file, SealedField field, SafeFileHandle handle, int rowCount, GraphCodes mostCodes) => field switch
    {
        SealedVectorField dense => new AttachedIndex(file, VectorIndexFile.Map(handle, dense.Vectors.Store, file.ObjectKey, mostCodes), null),
        SealedVectorArrayField lists => new AttachedIndex(file, VectorIndexFile.Map(handle, lists.Vectors.Store, file.ObjectKey), null),
        _ => new AttachedIndex(file, null, Covering(SparseIndexFile.Map(handle, file.ObjectKey), file, rowCount)),
    };

    private static SparseInvertedIndex Covering(SparseInvertedIndex sparse, SegmentIndexFile file, int rowCount) =>
        sparse.RowCount == rowCount ? sparse : throw new IntegrityException(file.ObjectKey, $"covers {sparse.RowCount} rows instead of {rowCount}");

    private static AttachedIndex LoadIndex(SegmentIndexFile file, SealedField field, Stream stream, int rowCount, GraphCodes mostCodes)
    {
        if (field is SealedVectorField dense)
        {
            // Refuses an index over another number of vectors.
            return new AttachedIndex(file, VectorIndexFile.Load(stream, dense.Vectors.Store, file.ObjectKey, mostCodes), null);
        }
        // Over all elements of all lists.
        if (field is SealedVectorArrayField lists) return new AttachedIndex(file, VectorIndexFile.Load(stream, lists.Vectors.Store, file.ObjectKey), null);
        if (field is SealedScalarField)
        {
            var scalar = ScalarIndexFile.Load(stream, file.ObjectKey);
            if (scalar.RowCount != rowCount) throw new IntegrityException(file.ObjectKey, $"covers {scalar.RowCount} rows instead of {rowCount}");
            return new AttachedIndex(file, null, null) { Scalar = scalar };
        }
        if (field is not SealedSparseField) throw new IntegrityException(file.ObjectKey, $"is an index of field {file.FieldId}, which holds no vectors");
        return new AttachedIndex(file, null, Covering(SparseIndexFile.Load(stream, file.ObjectKey), file, rowCount));
    }

    private static IntegrityException Incomplete(SegmentManifest manifest, string what) => new($"manifest of segment {manifest.SegmentId}", $"names no column of {what}");
}
