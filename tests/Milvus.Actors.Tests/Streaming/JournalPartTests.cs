using Google.Protobuf;
using Milvus.Actors.Protocol;
using Milvus.Actors.Streaming.Journal;
using Milvus.Model;

namespace Milvus.Actors.Tests.Streaming;

public sealed class JournalPartTests
{
    private static readonly ByteString s_request = ByteString.CopyFrom(Guid.NewGuid().ToByteArray());

    [Fact]
    public void Records_come_back_whole_in_their_order()
    {
        var random = new Random(1);
        var payloads = Enumerable.Range(0, 20).Select(i => { var b = new byte[random.Next(0, 50)]; random.NextBytes(b); return b; }).ToList();
        var events = new List<ChannelEvent>();
        for (var i = 0; i < payloads.Count; i++) RecordParts.Split(i + 1, s_request, payloads[i], 8, events);
        var assembler = new RecordAssembler("journal");
        var found = new List<byte[]>();
        foreach (var e in events)
            if (assembler.TryAdd(ChannelEvent.Parser.ParseFrom(e.ToByteArray()), out var record)) found.Add(record.Payload.ToArray());
        Assert.False(assembler.IsPartial);
        Assert.Equal(payloads, found);
    }

    [Fact]
    public void Damage_and_gaps_are_noticed()
    {
        var events = new List<ChannelEvent>();
        RecordParts.Split(1, s_request, new byte[20], 8, events);
        Assert.Equal(3, events.Count);
        var damaged = events[0].Clone();
        damaged.Checksum++;
        Assert.Throws<IntegrityException>(() => new RecordAssembler("journal").TryAdd(damaged, out _));
        Assert.Throws<IntegrityException>(() => new RecordAssembler("journal").TryAdd(events[1], out _));
        var assembler = new RecordAssembler("journal");
        assembler.TryAdd(events[0], out _);
        Assert.True(assembler.IsPartial);
        Assert.Throws<IntegrityException>(() => assembler.TryAdd(events[2], out _));
        var newer = events[0].Clone();
        newer.Version = 2;
        Assert.Throws<IntegrityException>(() => new RecordAssembler("journal").TryAdd(newer, out _));
    }

    [Fact]
    public void Positions_are_never_beyond_what_is_asked_for()
    {
        var positions = new JournalPositions();
        var random = new Random(3);
        var ends = new Dictionary<long, long>();
        long nr = 0;
        for (long sequence = 1; sequence <= 500; sequence++)
        {
            nr += random.Next(1, 4);
            ends[sequence] = nr;
            positions.Add(sequence, nr, 10);
            var asked = random.NextInt64(sequence + 1);
            if (positions.Floor(asked) is not { } floor) continue;
            Assert.True(floor.Sequence <= asked);
            Assert.Equal(ends[floor.Sequence], floor.JournalNr);
            Assert.True(asked - floor.Sequence < 17);
            if (random.Next(20) == 0) positions.TrimTo(floor.JournalNr);
        }
        positions.TrimTo(nr);
        Assert.Equal(0, positions.Bytes);
    }

    [Fact]
    public void The_oldest_request_ids_are_forgotten_first()
    {
        var written = new WrittenRequests(3);
        var ids = Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToList();
        for (var i = 0; i < ids.Count; i++) written.Add(ids[i], new Timestamp((ulong)i), i);
        Assert.False(written.TryGet(ids[1], out _));
        Assert.True(written.TryGet(ids[2], out var at));
        Assert.Equal(2ul, at.Value);
        Assert.Equal([3L], written.Since(new Timestamp(3), 3).Select(w => w.Sequence));
    }
}
