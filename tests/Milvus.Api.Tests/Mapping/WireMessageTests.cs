using System.Runtime.InteropServices;
using Google.Protobuf;
using Milvus.Api.Mapping;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;
using Milvus.Proxy;
using DataType = Milvus.Protocol.Schema.DataType;
using KeyValuePair = Milvus.Protocol.Common.KeyValuePair;
using InsertRequest = Milvus.Protocol.InsertRequest;
using SearchRequest = Milvus.Protocol.SearchRequest;
using UpsertRequest = Milvus.Protocol.UpsertRequest;

namespace Milvus.Api.Tests.Mapping;

public sealed class WireMessageTests
{
    [Fact]
    public void Inserts_are_read_as_the_generated_parser_reads_them_damaged_ones_too()
    {
        var random = new Random(5);
        for (var round = 0; round < 3000; round++)
        {
            var bytes = RandomInsert(random).ToByteArray();
            if (round % 3 != 0) Damage(random, ref bytes);
            var expected = Try(() => InsertRequest.Parser.ParseFrom(bytes));
            var read = Try(() => WriteMessages.ParseInsert(bytes));
            if (read is not null) foreach (var column in read.FieldsData) Unpack(column);
            Assert.Equal(expected, read);
        }
    }

    [Fact]
    public void Float_vectors_stay_in_the_message()
    {
        var request = new UpsertRequest { CollectionName = "books", NumRows = 2, PartialUpdate = true, FieldsData = { Keys(2), Vectors(new Random(1), 2, 8) } };
        var message = request.ToByteArray();
        var read = WriteMessages.ParseUpsert(message);
        var packed = read.FieldsData[1].Vectors.FloatVector.Packed;
        Assert.True(packed.Span.Overlaps(message));
        Assert.Equal(16, read.FieldsData[1].Vectors.FloatVector.Length);
        var columns = new FieldDataReader(2, null, TimeZoneInfo.Utc).Read(read.FieldsData);
        Assert.Equal(request.FieldsData[1].Vectors.FloatVector.Data, MemoryMarshal.Cast<byte, float>(((Model.VectorColumn)columns[1].Column).Data).ToArray());
        foreach (var column in read.FieldsData) Unpack(column);
        Assert.Equal(request, read);
    }

    [Fact]
    public void Searches_that_differ_in_their_vectors_are_read_alike_each_time()
    {
        var random = new Random(9);
        var searches = new SearchMessages();
        for (var kind = 0; kind < 40; kind++)
        {
            var wire = RandomSearch(random);
            for (var repeat = 0; repeat < 4; repeat++)
            {
                var values = Enumerable.Range(0, random.Next(1, 3)).Select(_ => ByteString.CopyFrom(Bytes(random, 16)));
                var type = kind % 4 == 0 ? PlaceholderType.BinaryVector : PlaceholderType.FloatVector;
                wire.PlaceholderGroup = new PlaceholderGroup { Placeholders = { new PlaceholderValue { Tag = "$0", Type = type, Values = { values } } } }.ToByteString();
                wire.GuaranteeTimestamp = (ulong)random.Next(3);
                var message = wire.ToByteArray();
                var read = searches.Parse(message);
                Assert.Equal(repeat > 0, read.Template is not null);
                Assert.Equal((wire.DbName, wire.CollectionName), (read.DbName, read.CollectionName));
                var request = SearchReader.Read(read);
                // From the third on, what it has in common with those before is known, and the vectors are not copied.
                Assert.Equal(repeat > 1, request.Vectors!.Rows[0].Span.Overlaps(message));
                AssertSame(SearchReader.Read(SearchRequest.Parser.ParseFrom(message)), request);
            }
        }
    }

    [Fact]
    public void Searches_by_keys_and_texts_and_damaged_ones_are_read_as_before()
    {
        var random = new Random(3);
        var searches = new SearchMessages();
        for (var round = 0; round < 600; round++)
        {
            var wire = RandomSearch(random);
            var type = (round % 3) switch { 0 => PlaceholderType.Int64, 1 => PlaceholderType.VarChar, _ => PlaceholderType.SparseFloatVector };
            wire.PlaceholderGroup = new PlaceholderGroup { Placeholders = { new PlaceholderValue { Tag = "$0", Type = type, Values = { ByteString.CopyFrom(Bytes(random, 8)) } } } }.ToByteString();
            var bytes = wire.ToByteArray();
            if (round % 2 != 0) Damage(random, ref bytes);
            var expected = Try(() => SearchReader.Read(SearchRequest.Parser.ParseFrom(bytes)));
            for (var repeat = 0; repeat < 3; repeat++)
            {
                var read = Try(() => SearchReader.Read(searches.Parse(bytes)));
                Assert.Equal(expected is null, read is null);
                if (expected is not null) AssertSame(expected, read!);
            }
        }
    }

    [Fact]
    public void A_number_in_another_wire_type_is_none()
    {
        // A guarantee timestamp of 5, then the same field as a fixed64: the parser takes the second for an unknown field.
        var group = new PlaceholderGroup { Placeholders = { new PlaceholderValue { Tag = "$0", Type = PlaceholderType.FloatVector, Values = { ByteString.CopyFrom(new byte[8]) } } } };
        var wire = new SearchRequest { CollectionName = "c", PlaceholderGroup = group.ToByteString(), GuaranteeTimestamp = 5 };
        byte[] odd = [.. wire.ToByteArray(), (byte)((SearchRequest.NqFieldNumber << 3) | 0), 9, .. Tag(SearchRequest.GuaranteeTimestampFieldNumber, wire: 1), .. new byte[8]];
        var searches = new SearchMessages();
        for (var repeat = 0; repeat < 3; repeat++) AssertSame(SearchReader.Read(SearchRequest.Parser.ParseFrom(odd)), SearchReader.Read(searches.Parse(odd)));

        // The same of the type of a placeholder: without it the group holds nothing that could be searched for.
        var value = new PlaceholderValue { Type = PlaceholderType.FloatVector, Values = { ByteString.CopyFrom(new byte[8]) } }.ToByteArray();
        byte[] typed = [.. value, .. Tag(PlaceholderValue.TypeFieldNumber, wire: 5), 102, 0, 0, 0];
        var search = new SearchRequest { CollectionName = "c", PlaceholderGroup = ByteString.CopyFrom([.. Tag(PlaceholderGroup.PlaceholdersFieldNumber, wire: 2), (byte)typed.Length, .. typed]) };
        Assert.Equal(Model.DataType.FloatVector, SearchReader.Read(search).Vectors!.Type);
    }

    private static byte[] Tag(int field, int wire)
    {
        var tag = (field << 3) | wire;
        return tag < 0x80 ? [(byte)tag] : [(byte)(tag | 0x80), (byte)(tag >> 7)];
    }

    private static void AssertSame(Milvus.Proxy.SearchRequest expected, Milvus.Proxy.SearchRequest read)
    {
        Assert.Equal(
            (expected.Collection, expected.Expression, expected.ConsistencyLevel, expected.GuaranteeTimestamp, expected.Vectors?.Type, expected.Keys?.Count),
            (read.Collection, read.Expression, read.ConsistencyLevel, read.GuaranteeTimestamp, read.Vectors?.Type, read.Keys?.Count));
        Assert.Equal(expected.Params, read.Params);
        Assert.Equal(expected.Partitions.ToArray(), read.Partitions.ToArray());
        Assert.Equal(expected.OutputFields.ToArray(), read.OutputFields.ToArray());
        Assert.Equal(expected.Templates, read.Templates);
        Assert.Equal(expected.Vectors?.Rows.Select(r => Convert.ToHexString(r.Span)), read.Vectors?.Rows.Select(r => Convert.ToHexString(r.Span)));
    }

    private static SearchRequest RandomSearch(Random random)
    {
        var wire = new SearchRequest { DbName = random.Next(2) == 0 ? "" : "shop", CollectionName = $"c{random.Next(1000)}", Dsl = random.Next(2) == 0 ? "" : $"a > {random.Next(100)}", Nq = 1 };
        wire.SearchParams.Add(new KeyValuePair { Key = "topk", Value = $"{random.Next(1, 99)}" });
        if (random.Next(2) == 0) wire.SearchParams.Add(new KeyValuePair { Key = "params", Value = "{\"ef\":64}" });
        if (random.Next(2) == 0) wire.OutputFields.Add("title");
        if (random.Next(2) == 0) wire.PartitionNames.Add("p");
        wire.ConsistencyLevel = (ConsistencyLevel)random.Next(4);
        return wire;
    }

    private static InsertRequest RandomInsert(Random random)
    {
        var rows = random.Next(1, 6);
        var request = new InsertRequest { DbName = random.Next(2) == 0 ? "" : "shop", CollectionName = "books", NumRows = (uint)rows, SchemaTimestamp = (ulong)random.Next(2) };
        if (random.Next(2) == 0) request.FieldsData.Add(Keys(rows));
        for (var n = random.Next(3); n > 0; n--) request.FieldsData.Add(Vectors(random, rows, random.Next(1, 9)));
        if (random.Next(2) == 0) request.HashKeys.Add([1, 2, 3]);
        if (random.Next(3) == 0) request.FieldsData.Add(new FieldData { FieldName = "b", Type = DataType.BinaryVector, Vectors = new VectorField { Dim = 8, BinaryVector = ByteString.CopyFrom(Bytes(random, rows)) } });
        return request;
    }

    private static FieldData Keys(int rows) =>
        new() { FieldName = "id", Type = DataType.Int64, Scalars = new ScalarField { LongData = new LongArray { Data = { Enumerable.Range(0, rows).Select(i => (long)i) } } } };

    private static FieldData Vectors(Random random, int rows, int dimension)
    {
        var field = new FieldData { FieldName = "v", Type = DataType.FloatVector, FieldId = random.Next(3), Vectors = new VectorField { Dim = dimension, FloatVector = new FloatArray() } };
        for (var i = 0; i < rows * dimension; i++) field.Vectors.FloatVector.Data.Add(random.NextSingle());
        if (random.Next(2) == 0) field.ValidData.Add(Enumerable.Repeat(true, rows));
        return field;
    }

    private static void Unpack(FieldData column)
    {
        if (column.Vectors?.FloatVector is not { Packed.IsEmpty: false } floats) return;
        floats.Data.AddRange(MemoryMarshal.Cast<byte, float>(floats.Packed.Span).ToArray());
        floats.Packed = default;
    }

    private static void Damage(Random random, ref byte[] bytes)
    {
        if (random.Next(3) == 0) Array.Resize(ref bytes, random.Next(bytes.Length));
        for (var n = random.Next(3); n > 0 && bytes.Length > 0; n--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static T? Try<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or Model.MilvusException)
        {
            return null;
        }
    }
}
