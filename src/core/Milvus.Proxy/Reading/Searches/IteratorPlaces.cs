using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>
/// Remembers, by token, which rows with the last page's last score an iterator has given out, so that equal scores neither repeat nor
/// get lost. Bounded: the place least recently used is forgotten first. Thread-safe.
/// </summary>
internal sealed class IteratorPlaces(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, LinkedListNode<Place>> _places = [];
    private readonly LinkedList<Place> _recent = new();

    private sealed record Place(Guid Token, float Bound, PrimaryKeys Given);

    /// <summary>The keys given out at exactly this score; null when the place is not known.</summary>
    public PrimaryKeys? Find(Guid token, float bound)
    {
        lock (_gate)
        {
            if (!_places.TryGetValue(token, out var node) || node.Value.Bound != bound) return null;
            _recent.Remove(node);
            _recent.AddFirst(node);
            return node.Value.Given;
        }
    }

    public void Remember(Guid token, float bound, PrimaryKeys given)
    {
        lock (_gate)
        {
            if (_places.Remove(token, out var old)) _recent.Remove(old);
            _places[token] = _recent.AddFirst(new Place(token, bound, given));
            if (_places.Count <= capacity) return;
            _places.Remove(_recent.Last!.Value.Token);
            _recent.RemoveLast();
        }
    }

    public void Forget(Guid token)
    {
        lock (_gate)
            if (_places.Remove(token, out var old)) _recent.Remove(old);
    }
}
