namespace Milvus.Vectors;

/// <summary>
/// How long the list of a search that names none has to be: codes of one or two bits tell embeddings apart, but hardly rows that lie around their centres in all
/// directions alike, of which many more have to be read.
/// </summary>
internal static class ListTrial
{
    /// <summary>A list is long enough where one so many times as long finds hardly more.</summary>
    private const int Longer = 4;

    private const int Longest = 8;

    /// <summary>The shortest list that finds enough, between <paramref name="least"/> and eight times as much. Deterministic; reads a few thousand nodes.</summary>
    public static int Length(DiskGraphIndex index, int least)
    {
        if (index.Count < BeamTrial.LeastRows)
            return least;
        var trial = new GraphTrial(index, index.Read);
        int length = least;
        while (length < Longest * least && trial.Share(length, Longer * length) < BeamTrial.LeastShare)
            length *= 2;
        return length;
    }
}
